// Gives what is wrong with the page as it is: ids that are not unique, text that does not stand out, things off the side.
const faults = [];

const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
for (const id of new Set(ids))
  if (ids.filter((one) => one === id).length > 1) faults.push(`two elements have the id ${id}`);

if (document.documentElement.scrollWidth > document.documentElement.clientWidth)
  faults.push("the page is wider than the window");

const canvas = document.createElement("canvas");
canvas.width = canvas.height = 1;
const context = canvas.getContext("2d", { willReadFrequently: true });
const rgba = (colour) => {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
const behind = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const colour = rgba(getComputedStyle(at).backgroundColor);
    if (colour[3] > 0) layers.push(colour);
    if (colour[3] === 1) break;
  }
  return layers.reduceRight((ground, layer) => over(layer, ground), [255, 255, 255, 1]);
};
const luminance = (colour) => {
  const [r, g, b] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};

const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
    continue;
  if (element.closest(":disabled, .hidden-text, option, .skip-link")) continue;
  const style = getComputedStyle(element);
  const ground = behind(element);
  const found = contrast(over(rgba(style.color), ground), ground);
  const large =
    parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
  if (found < (large ? 3 : 4.5))
    faults.push(`“${walker.currentNode.data.trim().slice(0, 40)}” has a contrast of ${found.toFixed(2)}`);
}
return faults;
