/** How the page looks: light and dark, narrow and wide, on paper. */
const COLOURS = {
  light: `--ink:#1c1d1f;--quiet:#5b5f66;--paper:#fff;--panel:#f5f6f7;--line:#d3d6da;--link:#0b57a4;
--new:#fff3b8;--new-line:#a37500;--raw:#a34700;--raw-bg:#fdf0e4;--counted:#0b57a4;--counted-bg:#e9f2fb;
--bad:#b3151b;--bad-bg:#fdeaea;--good:#17692f;--good-bg:#e6f5ea;--warn:#7a5600;--warn-bg:#fff3d1;`,
  dark: `--ink:#e6e7e9;--quiet:#a5abb3;--paper:#15171a;--panel:#1e2125;--line:#3a3f46;--link:#7fb8f5;
--new:#4a3f10;--new-line:#e0b93f;--raw:#f0a35e;--raw-bg:#33241a;--counted:#7fb8f5;--counted-bg:#182838;
--bad:#ff8d8d;--bad-bg:#3d1d1f;--good:#7fd298;--good-bg:#17301f;--warn:#f0c860;--warn-bg:#362c12;`,
};

export const STYLE = `
:root{${COLOURS.light}color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{${COLOURS.dark}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1500px;padding:12px 16px 32px;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
code,pre,.pfn,.counts,.flags,dt{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:13px}
h1{font-size:16px;margin:0;color:var(--quiet);font-weight:600}
h2{font-size:20px;margin:10px 0 8px;overflow-wrap:anywhere}
h3{font-size:16px;margin:0 0 6px;overflow-wrap:anywhere}
h4{font-size:14px;margin:0 0 4px}
h3 code{font-size:15px}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.quiet{color:var(--quiet);font-weight:400}
.top{display:flex;flex-wrap:wrap;gap:6px 20px;align-items:center;justify-content:space-between}
.choose select{font:inherit;max-width:min(70ch,100%);padding:4px}
.choose{min-width:0;max-width:100%}
.badge{display:inline-block;padding:0 8px;border-radius:4px;font-size:.85em;font-weight:600;border:1px solid}
.badge.violated{color:var(--bad);background:var(--bad-bg)}
.badge.holds{color:var(--good);background:var(--good-bg)}
.badge.unknown{color:var(--warn);background:var(--warn-bg)}
.badge.na{color:var(--quiet);background:var(--panel)}
dl,ul,ol,p{margin:0;padding:0}
.head{border-block:1px solid var(--line);padding:6px 0;margin-bottom:14px}
.head>div{display:grid;grid-template-columns:118px minmax(0,1fr);gap:8px;padding:2px 0}
.head dt{color:var(--quiet);padding-top:1px}
dd{margin:0;overflow-wrap:anywhere}
.play{display:grid;grid-template-columns:minmax(240px,340px) minmax(0,1fr);gap:24px;align-items:start}
.steps{position:sticky;top:8px}
.bar{display:flex;align-items:center;gap:10px;margin-bottom:6px}
.bar button{font:inherit;min-width:44px;min-height:32px;border:1px solid var(--line);border-radius:4px;background:var(--panel);color:var(--ink);cursor:pointer}
.bar button:disabled{opacity:.4;cursor:default}
html:not(.js) .bar{display:none}
.steps ol{position:relative;list-style:none;counter-reset:step;max-height:80vh;overflow:auto;border:1px solid var(--line);border-radius:4px}
.steps li{counter-increment:step;border-bottom:1px solid var(--line)}
.steps li:last-child{border-bottom:0}
.steps a{display:block;padding:5px 8px 5px 34px;text-indent:-26px;color:inherit;text-decoration:none;overflow-wrap:anywhere;border-left:3px solid transparent}
.steps a::before{content:counter(step) ".";display:inline-block;width:26px;text-indent:0;color:var(--quiet)}
.steps a:hover{background:var(--panel)}
.steps a[aria-current]{background:var(--panel);border-left-color:var(--link)}
.steps a:focus-visible{outline-offset:-2px}
.who{color:var(--quiet)}
.mark{display:inline-block;text-indent:0;font-size:12px;padding:0 5px;border-radius:3px;color:var(--bad);background:var(--bad-bg)}
.note{padding:4px 8px;margin-bottom:6px;border-left:3px solid var(--bad);background:var(--bad-bg);overflow-wrap:anywhere}
.js .result:not(.current),.js .step:not(.current){display:none}
html:not(.js) .step,html:not(.js) .result{margin-bottom:28px}
.picture{position:relative;display:grid;grid-template-columns:minmax(0,1.55fr) minmax(220px,1fr);gap:14px 64px;align-items:start;margin:8px 0}
.arrows{position:absolute;inset:0;width:100%;height:100%;pointer-events:none}
.arrows .line{fill:none;stroke-width:2}
.arrows .raw{stroke:var(--raw)}.arrows .tip.raw{fill:var(--raw)}
.arrows .counted{stroke:var(--counted)}.arrows .tip.counted{fill:var(--counted)}
.arrows .broken{stroke:var(--bad)}.arrows .tip.broken{fill:var(--bad)}
.process{margin-bottom:14px}
.facts{font-size:13px;color:var(--quiet);margin-bottom:4px;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
.process table{table-layout:fixed}
.process thead th:first-child{width:50px}
.process thead th:nth-child(2){width:52%}
th,td{border:1px solid var(--line);padding:4px 7px;text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead th{font-size:12px;font-weight:400;color:var(--quiet);background:var(--panel)}
tbody th{font-weight:400;color:var(--quiet)}
td.vma{background:var(--panel)}
td.entry.raw{background:var(--raw-bg);border-left:3px solid var(--raw)}
td.entry.counted{background:var(--counted-bg);border-left:3px solid var(--counted)}
tr.broken th{color:var(--bad);font-weight:700}
td.entry.broken{outline:2px solid var(--bad);outline-offset:-2px}
.to{font-weight:600}
.line,.flags{display:block;font-size:13px}
.flags{font-size:11.5px;color:var(--quiet);overflow-wrap:anywhere}
.none{color:var(--quiet)}
.pfn{color:var(--quiet);font-size:12px}
.frames ul{list-style:none}
.frame{border:1px solid var(--line);border-left:4px solid var(--quiet);border-radius:4px;padding:4px 9px;margin-bottom:8px;overflow-wrap:anywhere}
.frame.ram{border-left-color:var(--good)}
.frame.free{border-style:dashed;border-left-style:dashed;border-left-color:var(--quiet)}
.frame.stray{border-style:dotted}
.frame.broken{border-color:var(--bad);box-shadow:0 0 0 1px var(--bad)}
.what{color:var(--ink)}
.counts,.owners,.contents,.here{display:block;font-size:13px}
.owners .label{color:var(--quiet)}
.here{color:var(--bad);font-weight:600}
.globals dl{display:flex;flex-wrap:wrap;gap:2px 20px}
.globals dl>div{display:flex;gap:8px}
.globals dt::after{content:" ="}
.kernel{grid-column:1/-1;padding:4px 8px;background:var(--bad-bg);border-left:3px solid var(--bad)}
.new{background:var(--new);box-shadow:0 0 0 2px var(--new);border-radius:2px}
.new ins{text-decoration:none;font-weight:600;border-bottom:2px solid var(--new-line)}
.new del{color:var(--quiet)}
details{margin-top:10px}
summary{cursor:pointer}
details ul,.excludes ul{padding-left:22px}
details li{overflow-wrap:anywhere}
pre{overflow:auto;background:var(--panel);padding:10px;border-radius:4px;margin:6px 0}
.invariants>div{display:grid;grid-template-columns:130px minmax(0,1fr);gap:8px}
.wide{overflow:auto}
.overview{margin:6px 0 10px}
.legend{margin-top:18px;padding-top:8px;border-top:1px solid var(--line);font-size:13px;color:var(--quiet)}
.swatch{display:inline-block;width:14px;height:11px;border:1px solid;vertical-align:-1px}
.swatch.raw{background:var(--raw-bg);color:var(--raw)}
.swatch.counted{background:var(--counted-bg);color:var(--counted)}
.swatch.broken{color:var(--bad);outline:1px solid var(--bad)}
html:not(.js) .keys{display:none}
@media (max-width:1000px){
.play{grid-template-columns:minmax(0,1fr)}
.steps{position:static}
.steps ol{max-height:38vh}
}
@media (max-width:700px){
body{padding:10px 10px 24px}
.picture{grid-template-columns:minmax(0,1fr)}
.arrows{display:none}
.head>div,.invariants>div{grid-template-columns:minmax(0,1fr);gap:0}
.process thead th:first-child{width:26px}
.process th,.process td{padding:3px 4px}
.process thead th:first-child{font-size:0}
}
@media print{
:root{${COLOURS.light}color-scheme:light}
body{max-width:none;padding:0;font-size:12px}
.js .result.current .step{display:block}
.step{break-inside:avoid;margin-bottom:14px;border-top:1px solid var(--line);padding-top:8px}
.play{display:block}
.bar,.choose,.overview,.keys,.arrows{display:none}
.steps{position:static;margin-bottom:12px}
.steps ol{max-height:none;overflow:visible}
.steps a[aria-current]{background:none;border-left-color:transparent}
.picture{gap:8px 24px}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
