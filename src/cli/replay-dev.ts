import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadEngine } from './engine.js';
import { findTests, PACKAGE_ROOT } from './files.js';
import { runTest } from '../run/index.js';
import { openMachines } from '../replay/machines.js';
import { replay } from '../replay/session.js';
import { machineOutcome } from '../replay/compare/outcome.js';

const [kernel, ...paths] = process.argv.slice(2);
const engine = await loadEngine();
const dir = join(PACKAGE_ROOT, 'src/replay/machine');
const templates = Object.fromEntries(readdirSync(dir).map((f) => [f, readFileSync(join(dir, f), 'utf8')]));
const tests = findTests(paths, process.cwd()).map((file) => engine.parse({ file, text: readFileSync(file, 'utf8') }));
const { ready, missing } = await openMachines([kernel!]);
if (missing.length > 0) throw new Error(`missing ${missing.join()}`);
for (const machine of ready) {
  const began = Date.now();
  const all = await replay(machine, tests, templates, {
    runs: Number(process.env['RUNS'] ?? 40), preemptions: 2, timeoutMs: 240_000,
    ...(process.env['VERBOSE'] ? { onLine: (l: string) => console.log('| ' + l) } : {}),
  });
  let agreed = 0, differ = 0, skipped = 0, part = 0;
  for (const r of all) {
    const name = r.test.name;
    if (r.skipped !== undefined) { skipped++; console.log(`skip ${name}: ${r.skipped}`); continue; }
    const { arch, release } = machine.kernel;
    const model = await runTest(r.test, { arch, release, timeoutMs: 20000 });
    const m = r.result!;
    const want = new Map(model.outcomes.map((o) => [`${o.positive ? '+' : '-'}${o.text}`, 0]));
    const extra: string[] = [];
    if (m.end === 'panic') {
      const hit = model.outcomes.filter((o) => o.values[`bug.${m.api}`] === '1');
      if (hit.length) for (const o of hit) want.set(`${o.positive ? '+' : '-'}${o.text}`, 1); else extra.push(`panic in ${m.api}: ${m.message}`);
    }
    for (const o of m.outcomes) {
      const x = machineOutcome(o.text, r.test, r.machine!.compiled.mem);
      if (!x) continue;
      const key = `${x.positive ? '+' : '-'}${x.text}`;
      if (want.has(key)) want.set(key, want.get(key)! + o.count); else extra.push(`${key}   [${o.count}x, ${o.choices} ${o.frames}] raw ${o.text}`);
    }
    const unseen = [...want].filter(([, n]) => n === 0).map(([k]) => k);
    if (extra.length > 0 || (m.end !== 'done' && m.end !== 'panic')) {
      differ++;
      console.log(`DIFF ${name} end=${m.end} ${m.message ?? ''} runs=${m.runs}`);
      for (const e of extra) console.log(`     machine only: ${e}`);
      for (const u of unseen) console.log(`     model only:   ${u}`);
    } else if (unseen.length > 0) {
      part++;
      console.log(`part ${name} runs=${m.runs} ${m.complete ? 'all' : 'limit'} lost=${m.lost} stuck=${m.stuck}`);
      for (const u of unseen) console.log(`     not seen:     ${u}`);
    } else { agreed++; if (process.env['VERBOSE']) console.log(`ok   ${name} runs=${m.runs} ${m.complete ? 'all' : 'limit'} lost=${m.lost} ${m.timeMs} ms`); }
  }
  console.log(`${machine.kernel.id}: ${agreed} agreed, ${part} in part, ${differ} differ, ${skipped} not run; ${(Date.now() - began) / 1000} s`);
}
