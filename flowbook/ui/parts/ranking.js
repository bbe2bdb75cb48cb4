/**
 * How things are found by what a person types: the one order for the palette, the list of tasks on the canvas and
 * every other picker. An item is `{id, label, about, words, detail, late}`: `words` are others that people call it by;
 * what is `late` comes after all that fits as well.
 */

/** How well one of an item's texts fits, the best first. */
export const FIT = { exact: 0, prefix: 1, word: 2, inside: 3, described: 4, mentioned: 5 };

const SHORT = 2; // characters: that few are looked for at the beginnings of words only, as they are inside of so many

/** A text as it is compared: in lower case, with a space for each run of anything but letters and digits. */
export function plainly(text) {
  return String(text ?? "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

function nameFit(name, query) {
  if (name === query) return FIT.exact;
  if (name.startsWith(query)) return FIT.prefix;
  if (` ${name}`.includes(` ${query}`)) return FIT.word;
  return query.length > SHORT && name.includes(query) ? FIT.inside : null;
}

function textFit(text, query) {
  if (` ${text}`.includes(` ${query}`)) return FIT.described;
  return query.length > SHORT && text.includes(query) ? FIT.mentioned : null;
}

function best(fits) {
  return fits.reduce((found, fit) => (fit !== null && (found === null || fit < found) ? fit : found), null);
}

/** How well an item of a group fits a query, both plain; null: not at all. */
function fitOf(item, group, query) {
  const names = [item.label, item.id, ...(item.words ?? [])].map(plainly);
  const whole = best(names.map((name) => nameFit(name, query)));
  if (whole !== null && whole <= FIT.word) return whole;
  const texts = [item.detail, group.label, item.about].map(plainly);
  const each = query.split(" ").map((word) => best([
    ...names.map((name) => nameFit(name, word)).map((fit) => (fit === null ? null : Math.max(fit, FIT.word))),
    ...texts.map((text) => textFit(text, word)),
  ]));
  if (each.includes(null)) return null;
  return Math.max(...each);
}

/**
 * The groups with the items that fit, best first: `[{group, items}]`, with the group that has the best one first. With
 * nothing typed all groups as they are; with something, what a group of `again` repeats (the recently used) stands only
 * in its own group, before what fits as well.
 */
export function ranked(groups, typed) {
  const query = plainly(typed);
  if (!query) return groups.map((group) => ({ group, items: group.items }));
  const recent = groups.filter((group) => group.again).flatMap((group) => group.items.map((item) => item.id));
  const place = (item) => (recent.includes(item.id) ? recent.indexOf(item.id) : recent.length);
  const found = [];
  for (const group of groups) {
    if (group.again) continue;
    const fitting = group.items.map((item, index) => ({ item, index, fit: fitOf(item, group, query) })).filter((one) => one.fit !== null);
    fitting.sort((one, other) => one.fit - other.fit || place(one.item) - place(other.item)
      || Number(Boolean(one.item.late)) - Number(Boolean(other.item.late)) || one.index - other.index);
    if (fitting.length) found.push({ group, items: fitting.map((one) => one.item), fit: fitting[0].fit });
  }
  return found.sort((one, other) => one.fit - other.fit).map(({ group, items }) => ({ group, items }));
}
