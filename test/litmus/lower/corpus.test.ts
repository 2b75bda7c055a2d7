import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DiagnosticError } from '../../../src/c/diagnostics.js';
import { archNamed } from '../../../src/kernel/arch/index.js';
import { factsFor } from '../../../src/kernel/facts.js';
import { parseLitmus } from '../../../src/litmus/load.js';
import { runsOn } from '../../../src/litmus/configuration.js';
import { compile } from '../../../src/run/boot.js';
import { CONFIGURATIONS, configurationOf } from '../../../src/run/index.js';
import { grammar } from '../grammar.js';

const files = readdirSync('litmus', { recursive: true, encoding: 'utf8' }).filter((f) =>
  f.endsWith('.litmus'),
);

test.each(['x86_64', 'arm', 'arm_lpae'])(
  'every test of the corpus that runs on %s can be lowered',
  (arch) => {
    const facts = factsFor(archNamed(arch)!, '7.2');
    const wrong = files.flatMap((file) => {
      try {
        const text = readFileSync(join('litmus', file), 'utf8');
        const test = parseLitmus({ file, text }, grammar);
        if (runsOn(test, configurationOf(arch, '7.2'), CONFIGURATIONS)) compile(test, facts, 4);
        return [];
      } catch (error) {
        if (error instanceof DiagnosticError) return [error.message];
        throw error;
      }
    });
    expect(wrong.join('\n\n')).toBe('');
  },
);
