/** Chunks after operations (see live_output.py). */
export function grown(chunks, operations) {
  for (const [kind, what] of operations) {
    if (kind === "new") chunks.push({ ...what });
    else if (kind === "more" && chunks.length) chunks.at(-1).t += what;
    else if (kind === "drop") chunks.splice(0, what);
    else if (kind === "all") chunks = what.map((chunk) => ({ ...chunk }));
  }
  return chunks;
}
