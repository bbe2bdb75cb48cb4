/** Seconds for people, as everywhere in Flowbook: the twin of `duration` in flowbook/view/wording.py. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const given = Math.max(seconds, 0);
  const milliseconds = Math.floor(given * 1000 + 0.5);
  if (milliseconds < 1000) return `${Math.max(milliseconds, 1)} ms`;
  const tenths = Math.floor(given * 10 + 0.5);
  if (tenths < 100) return `${Math.floor(tenths / 10)}.${tenths % 10} s`;
  const whole = Math.floor(given + 0.5);
  if (whole < 120) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.floor(given / 60 + 0.5);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number of things done, or of seconds: "1,200", "8.1", as exact as a person wants it. */
export function amount(number) {
  return Number(number).toLocaleString("en", { maximumFractionDigits: 1 });
}

/** "1 node", "2,000 nodes": the twin of `counted` in flowbook/counting.py, for nouns that take an s. */
export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
