/** What the tests ask inside the page: functions that the browser runs. JavaScript, because the tests' types know no DOM. */

export const focused = () => {
  const at = document.activeElement;
  return at?.getAttribute('href') ?? at?.tagName;
};

export const background = () => getComputedStyle(document.body).backgroundColor;

export const attacked = () => 'bad' in window;

export const ids = (all) => all.map(({ id }) => id);

export const unfold = (all) => {
  for (const details of all) details.open = true;
};

/** Elements that reach beyond the right edge, those aside that scroll for themselves. */
export const outside = (all) => {
  const out = all.filter((e) => {
    const own = e.closest('pre, svg, .sr, .wide') !== null;
    return !own && e.getBoundingClientRect().right > innerWidth + 1;
  });
  const wide = document.documentElement.scrollWidth > innerWidth ? ['the page'] : [];
  return [...wide, ...out.map((e) => e.outerHTML.slice(0, 80))];
};

/** Texts with less contrast than WCAG's 4.5 to 1. */
export const faint = (all) => {
  const rgb = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const linear = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (e) => {
    for (let at = e; at !== null; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  return all.flatMap((e) => {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== '');
    if (!own || e.disabled) return [];
    const [a, b] = [luminance(rgb(getComputedStyle(e).color)), luminance(behind(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return contrast < 4.5 ? [`${contrast.toFixed(2)}: ${e.outerHTML.slice(0, 80)}`] : [];
  });
};
