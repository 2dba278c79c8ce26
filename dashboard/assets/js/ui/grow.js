/**
 * Text areas that are as high as their text.
 */

const NATIVE = CSS.supports("field-sizing", "content");

/** Fits a text area to its text, up to the height that its style allows; style does it alone where it can. */
export function fit(area) {
  if (NATIVE || !(area instanceof HTMLTextAreaElement) || area.offsetParent === null) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}

/** Fits all text areas inside an element that has just been shown. */
export function fitAll(element) {
  for (const area of element.querySelectorAll("textarea")) fit(area);
}
