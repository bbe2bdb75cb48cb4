/**
 * What a list of things to check works out: `checked` is a set of ids, items are `{id, label, detail}` in groups, and
 * nothing here knows a page.
 */

/** Whether all, some or none of the items are checked: "all", "some", "none". */
export function checkedOf(items, checked) {
  const count = items.filter((item) => checked.has(item.id)).length;
  if (count === 0) return "none";
  return count === items.length ? "all" : "some";
}

/** The ids that are checked once the items are checked, or not any more, in the order in which all of them stand. */
export function withChecked(groups, checked, items, on) {
  const turned = new Set(items.map((item) => item.id));
  const ids = groups.flatMap((group) => group.items.map((item) => item.id));
  return ids.filter((id) => (turned.has(id) ? on : checked.has(id)));
}
