// Elements made of text only: nothing in the data is ever read as HTML.
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function element(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function drawn(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  for (const child of children.flat(2)) if (child !== null) made.append(child);
  return made;
}

// Lines of a difference, coloured by the sign that each begins with.
const CLASSES = { "+": "plus", "-": "minus", "~": "tilde" };
function differenceLines(lines) {
  return element("pre", {}, lines.map((line) => element("span", { class: CLASSES[line.trimStart()[0]] || "" }, line)));
}

const DETAILS = byId("details");
function showDetails(title, ...body) {
  const close = element("button", { class: "close", onclick: () => DETAILS.close() }, "Close");
  DETAILS.replaceChildren(
    element("div", { class: "top" }, element("h2", {}, title), close),
    element("div", { class: "body" }, ...body),
  );
  if (!DETAILS.open) DETAILS.showModal();
  DETAILS.scrollTop = 0;
}
DETAILS.addEventListener("click", (event) => { if (event.target === DETAILS) DETAILS.close(); });
