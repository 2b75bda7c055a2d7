/** What makes the page step: plain JavaScript, as the browser gets it. test/report/html/browser.test.ts runs it in one. */
export const SCRIPT = `'use strict';
(() => {
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const results = all(document, '.result');
  const select = document.querySelector('.choose select');
  if (results.length === 0) return;
  document.documentElement.classList.add('js');
  const stepOf = new Map(results.map((r) => [r, 0]));
  let current = results[0];

  const steps = (r) => all(r, '.step');

  function show(result, index) {
    const list = steps(result);
    const n = Math.max(0, Math.min(index, list.length - 1));
    stepOf.set(result, n);
    current = result;
    for (const r of results) r.classList.toggle('current', r === result);
    list.forEach((s, i) => s.classList.toggle('current', i === n));
    all(result, '.steps a').forEach((a, i) => {
      if (i === n) {
        a.setAttribute('aria-current', 'step');
        const list = a.closest('ol');
        const at = a.parentElement.offsetTop - list.offsetTop;
        if (at < list.scrollTop || at + a.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = at - 40;
      } else a.removeAttribute('aria-current');
    });
    const bar = result.querySelector('.bar');
    if (bar !== null) {
      bar.querySelector('[role=status]').textContent = 'Step ' + (n + 1) + ' of ' + list.length;
      bar.querySelector('.back').disabled = n === 0;
      bar.querySelector('.on').disabled = n === list.length - 1;
    }
    if (select !== null) select.value = result.id;
    draw();
  }

  function go(result, index) {
    show(result, index);
    const hash = '#' + current.id + (steps(current).length > 0 ? '.' + (stepOf.get(current) + 1) : '');
    try { history.replaceState(null, '', hash); } catch { /* some browsers refuse it in files */ }
  }

  function follow(hash) {
    const [id, step] = hash.replace('#', '').split('.');
    const result = results.find((r) => r.id === id);
    if (result === undefined) return false;
    show(result, step === undefined ? stepOf.get(result) : Number(step) - 1);
    return true;
  }

  /* Lines from the entries of the shown step to their frames, where these stand beside each other. */
  function draw() {
    const picture = current.querySelector('.step.current .picture');
    if (picture === null) return;
    const svg = picture.querySelector('.arrows');
    svg.replaceChildren();
    const origin = picture.getBoundingClientRect();
    svg.setAttribute('viewBox', '0 0 ' + origin.width + ' ' + origin.height);
    const frames = new Map(all(picture, '.frame').map((f) => [f.dataset.frame, f]));
    const used = new Map();
    for (const entry of all(picture, 'td.entry')) {
      const frame = frames.get(entry.dataset.to);
      if (frame === undefined) continue;
      const a = entry.getBoundingClientRect();
      const b = frame.getBoundingClientRect();
      if (b.left < a.right) continue;
      const nth = used.get(frame) ?? 0;
      used.set(frame, nth + 1);
      const [x1, y1] = [a.right - origin.left, a.top + Math.min(18, a.height / 2) - origin.top];
      const [x2, y2] = [b.left - origin.left, b.top + Math.min(16 + 10 * nth, b.height - 6) - origin.top];
      const mid = (x1 + x2) / 2;
      const line = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      line.setAttribute('d', 'M' + x1 + ' ' + y1 + 'C' + mid + ' ' + y1 + ' ' + mid + ' ' + y2 + ' ' + (x2 - 7) + ' ' + y2);
      const tip = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      tip.setAttribute('d', 'M' + (x2 - 8) + ' ' + (y2 - 4) + 'L' + x2 + ' ' + y2 + 'L' + (x2 - 8) + ' ' + (y2 + 4) + 'Z');
      const kind = entry.classList.contains('raw') ? 'raw' : 'counted';
      const broken = entry.classList.contains('broken') ? ' broken' : '';
      line.setAttribute('class', 'line ' + kind + broken);
      tip.setAttribute('class', 'tip ' + kind + broken);
      svg.append(line, tip);
    }
  }

  document.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest('select, input, textarea, pre, .wide') !== null) return;
    const n = stepOf.get(current);
    const to = { ArrowLeft: n - 1, ArrowRight: n + 1, Home: 0, End: Infinity }[event.key];
    if (to === undefined || steps(current).length === 0) return;
    event.preventDefault();
    go(current, to);
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('.bar button');
    if (button !== null) return go(current, stepOf.get(current) + (button.classList.contains('on') ? 1 : -1));
    const link = event.target.closest('a[href^="#"]');
    if (link === null || !follow(link.hash)) return;
    event.preventDefault();
    go(current, stepOf.get(current));
  });
  select?.addEventListener('change', () => {
    const result = results.find((r) => r.id === select.value);
    go(result, stepOf.get(result));
  });
  document.addEventListener('toggle', draw, true);
  window.addEventListener('hashchange', () => follow(location.hash));
  window.addEventListener('resize', draw);
  if (!follow(location.hash)) show(current, 0);
})();
`;
