// What changes: dangers first, then what was edited, then every object.
const SIGNS = { deleted: "-", changed: "~", added: "+" };
const WORDS = { deleted: "is deleted", changed: "is changed", added: "is new" };
const FEW = 4;
const MANY_DANGERS = 24;

function changesView(found) {
  const parts = [...dangerCards(found), ...editCards()];
  parts.push(element("h2", {}, "Objects that change ", element("span", { class: "count" }, String(found.length))));
  if (!found.length) parts.push(element("p", { class: "empty" }, DATA.changes.length ? "Nothing matches." : "No object changes."));
  else parts.push(rowList(["object", "namespace", "because of, or what changes", "environments"], "2.2fr 1.2fr 1.8fr 1.1fr", found.length, (at) => changeRow(found[at])));
  return parts;
}

function changeRow(change) {
  const because = change.why.length ? change.why[0][0] : change.lines.length ? firstLine(change) : "";
  return element(
    "button", { class: "row", onclick: () => showChange(change) },
    element("span", {}, element("span", { class: `sign ${change.action}` }, SIGNS[change.action]),
      change.dangers.length ? element("span", {}, element("span", { class: "word" }, "!"), " ") : null,
      element("span", { class: "soft" }, `${change.kind.split(".")[0]} `), element("b", {}, change.name)),
    element("span", { class: "rest soft" }, element("span", {}, change.namespace || "(cluster)"), element("span", {}, because)),
    element("span", { class: "tags" }, change.environments.map(environmentTag)),
  );
}

const environmentTag = (number) => element("span", { class: "tag" }, DATA.environments[number]);
const firstLine = (change) => DATA.texts[change.lines[0]].split("\n")[0];

// Of many dangers, the first ones of each kind: a card for each of a thousand would be slow, and nobody would read them.
function dangerCards(found) {
  const threatened = new Map();
  for (const change of found) {
    for (const number of change.dangers) {
      if (!threatened.has(number)) threatened.set(number, []);
      threatened.get(number).push(change);
    }
  }
  if (!threatened.size) return [];
  const kinds = new Map();
  for (const number of [...threatened.keys()].sort((one, other) => one - other)) {
    const { word } = DATA.dangers[number];
    if (!kinds.has(word)) kinds.set(word, []);
    kinds.get(word).push(number);
  }
  const most = threatened.size > MANY_DANGERS ? FEW : MANY_DANGERS;
  const cards = [...kinds].flatMap(([word, numbers]) => [
    ...numbers.slice(0, most).map((number) => dangerCard(number, threatened.get(number))),
    ...(numbers.length > most ? [restCard(word, numbers.slice(most), threatened)] : []),
  ]);
  return [element("h2", {}, "Dangers ", element("span", { class: "count" }, String(threatened.size))), element("div", { class: "dangers" }, cards)];
}

function dangerCard(number, changes) {
  const { word, meaning, sentence } = DATA.dangers[number];
  return element(
    "article", { class: "card danger" },
    element("div", {}, element("span", { class: "word" }, word), element("span", { class: "meaning" }, meaning)),
    element("p", {}, sentence),
    element("div", { class: "chips" }, objectChips(changes)),
  );
}

function restCard(word, numbers, threatened) {
  const lines = () => numbers.map((number) => element("li", {}, DATA.dangers[number].sentence, " ", element("span", { class: "soft" }, namesOf(threatened.get(number)))));
  const all = () => showDetails(`${numbers.length} more: ${word}`, element("ul", {}, lines()));
  return element("article", { class: "card danger" }, element("div", {}, element("span", { class: "word" }, word)),
    element("div", { class: "chips" }, element("button", { class: "chip", onclick: all }, `and ${numbers.length} more of this kind`)));
}

function namesOf(changes) {
  const names = changes.slice(0, FEW).map((change) => `${change.namespace}/${change.name}`).join(", ");
  return changes.length > FEW ? `${names} and ${changes.length - FEW} more` : names;
}

function objectChips(changes) {
  const chips = changes.slice(0, FEW).map((change) => element(
    "button", { class: "chip", onclick: () => showChange(change) },
    `${change.kind.split(".")[0]} ${change.name} `,
    element("span", { class: "where" }, `${change.namespace} · ${change.environments.map((at) => DATA.environments[at]).join(", ")}`),
  ));
  if (changes.length > FEW) {
    const rest = () => showDetails(`${changes.length} objects`, element("div", { class: "chips" }, changes.map((one) => objectChips([one]))));
    chips.push(element("button", { class: "chip", onclick: rest }, `and ${changes.length - FEW} more`));
  }
  return chips;
}

// The files that are unfolded, as each search draws anew.
const unfolded = new Set();

function editCards() {
  if (!DATA.edits.length) return [];
  const cards = DATA.edits.map(({ file, lines, more }) => {
    const count = (sign) => lines.filter((line) => line[1] === sign).length;
    const shown = lines.map(([number, sign, text]) => element("span", { class: CLASSES[sign] }, element("i", {}, String(number)), `${sign} ${text}`));
    if (more) shown.push(element("span", {}, `and ${more} more lines`));
    return element(
      "details", { class: "card", open: unfolded.has(file) ? "" : null, ontoggle: ({ target }) => unfolded[target.open ? "add" : "delete"](file) },
      element("summary", {}, element("code", {}, file), element("span", { class: "totals" },
        element("span", { class: "added" }, `+${count("+")}`), element("span", { class: "deleted" }, `-${count("-")}`))),
      element("pre", {}, shown),
    );
  });
  return [element("h2", {}, "What was edited ", element("span", { class: "count" }, String(cards.length))), ...cards];
}

function showChange(change) {
  const parts = [element("p", { class: "soft" }, `${change.namespace || "cluster"} · ${WORDS[change.action]} in `, change.environments.map(environmentTag))];
  for (const number of change.dangers) {
    parts.push(element("p", {}, element("span", { class: "word" }, DATA.dangers[number].word), ` ${DATA.dangers[number].sentence}`));
  }
  if (change.why.length) {
    parts.push(element("h3", {}, change.action === "added" ? "Follows from" : "Because of"));
    parts.push(element("ul", {}, change.why.map(([place, what]) => element("li", {}, element("code", {}, place), what ? ` ${what}` : ""))));
  }
  if (change.lines.length) {
    parts.push(element("h3", {}, "Fields"), differenceLines(change.lines.flatMap((number) => DATA.texts[number].split("\n"))));
  }
  parts.push(element("h3", {}, "Files"), element("ul", {}, change.files.map((file) => element("li", {}, element("code", {}, file)))));
  showDetails(`${change.kind} ${change.name}`, ...parts);
}
