// What is taken along: the state as a link, the drawing as SVG or PNG, the formula as LaTeX, paper.

import { linkOf } from "./links.mjs";

// at: what the page hands on: { root, state, session, say, on }.
const MOST_TEXT = 110;
export const sharingOf = (at) => {
  const { root, state, say, on } = at, page = root.ownerDocument, view = page.defaultView;
  const $ = (id) => root.querySelector(`#${id}`);

  const menu = $("share"), head = menu.querySelector("summary"), called = head.textContent;
  let shown = 0;
  // The menu closes, and its button states for a while what was done.
  const done = (words) => {
    if (menu.contains(page.activeElement)) head.focus();
    menu.open = false;
    head.textContent = words;
    say(words);
    clearTimeout(shown);
    shown = setTimeout(() => { head.textContent = called; }, 2500);
  };
  const close = (target) => { if (!menu.contains(target)) menu.open = false; };
  page.addEventListener("pointerdown", (event) => close(event.target));
  menu.addEventListener("focusout", (event) => { if (event.relatedTarget) close(event.relatedTarget); });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) { menu.open = false; head.focus(); }
  });
  const download = (name, content, type) => {
    const link = page.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    done(`${name} saved`);
  };
  const drawn = () => {
    const svg = $("drawing").querySelector("svg").cloneNode(true), from = [...$("drawing").querySelector("svg").querySelectorAll("*")];
    [...svg.querySelectorAll("*")].forEach((one, i) => {
      const style = view.getComputedStyle(from[i]);
      for (const name of ["fill", "stroke", "stroke-width", "stroke-opacity", "fill-opacity", "font-size", "font-weight", "text-anchor", "stroke-dasharray", "paint-order", "opacity"]) {
        one.style.setProperty(name, style.getPropertyValue(name));
      }
    });
    const [, , width, height] = svg.getAttribute("viewBox").split(" ");
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    svg.style.fontFamily = "sans-serif";
    const ground = page.createElementNS("http://www.w3.org/2000/svg", "rect");
    ground.setAttribute("width", width);
    ground.setAttribute("height", height);
    ground.setAttribute("fill", view.getComputedStyle(page.body).backgroundColor);
    svg.prepend(ground);
    return new XMLSerializer().serializeToString(svg);
  };
  const latexOf = () => {
    const { shown, templates } = at.session, name = state.entry ?? templates.steps.find((one) => one.key === state.step).entries()[0];
    const symbol = shown.latex(`@!${name}@`), value = shown.latex(`@!${name}@`, true);
    // as many terms as a line of paper has room for
    const fits = (terms) => shown.text(shown.formula(name, terms)).length <= MOST_TEXT;
    const markup = shown.formula(name, [6, 5, 4, 3].find(fits) ?? 2);
    const lines = markup ? [shown.latex(markup), shown.latex(markup, true), value] : [value];
    return `\\begin{align*}\n  ${symbol} &= ${lines.join(" \\\\\n  &= ")}\n\\end{align*}\n`;
  };

  $("link").hidden = view.location.protocol === "about:"; // a frame has no address
  on("link", "click", async () => {
    const { entry, step, edges, axes } = state;
    const { link, left } = linkOf(at.session, { held: [...at.session.held], removed: [...at.session.removed], seen: { entry, step, edges, axes } });
    at.ownLink = `#s=${btoa(JSON.stringify(link))}`; // which the page need not follow
    view.location.hash = at.ownLink;
    if (left.length) at.trouble(`The link is without ${left.join(" and ")}, which are too many for one. Save the page, or write the network down.`);
    try {
      await navigator.clipboard.writeText(view.location.href);
      done("Link copied");
    } catch { done("The link is in the address bar"); }
  });
  on("svg", "click", () => download("network.svg", drawn(), "image/svg+xml"));
  on("png", "click", () => {
    const image = new Image(), source = drawn();
    image.onload = () => {
      const canvas = page.createElement("canvas");
      canvas.width = 2 * image.width;
      canvas.height = 2 * image.height;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => download("network.png", blob, "image/png"));
    };
    image.src = `data:image/svg+xml;base64,${btoa(String.fromCharCode(...new TextEncoder().encode(source)))}`;
  });
  on("latex", "click", () => download("formula.tex", latexOf(), "text/plain"));
  on("print", "click", () => { menu.open = false; view.print(); });
};
