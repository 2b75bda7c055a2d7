import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { payload, unpackedKernel } from '../../../src/replay/kernels/image.js';
import { errorLines, kbuild } from '../../../src/replay/kernels/toolchain.js';
import { moveSources, wrapper } from '../../../src/replay/kernels/tree.js';
import { umlConfig } from '../../../src/replay/kernels/uml.js';

describe('a module', () => {
  test('of one source of its name needs no list', () => {
    expect(kbuild('m', { 'm.c': '', 'm.h': '' })).toBe('obj-m := m.o\n');
  });

  test('of several is made of all', () => {
    const text = kbuild('m', { 'b.c': '', 'a.c': '', 'x.h': '' });
    expect(text).toContain('obj-m := m.o\nm-y := a.o b.o\n');
  });

  test('cannot be called like one of several sources, or have none', () => {
    expect(() => kbuild('a', { 'b.c': '', 'a.c': '' })).toThrow('none may be called a.c');
    expect(() => kbuild('a', { 'a.h': '' })).toThrow('no sources');
  });
});

describe('what is told of a build that fails', () => {
  test('are the errors, not the warnings of headers', () => {
    const output =
      'x.h:1: warning: ignored\n  1 | int a;\na.c:2:3: error: no such thing\n    2 | b();\n      | ^\nmake: ***\n';
    expect(errorLines(output)).toBe('a.c:2:3: error: no such thing\n    2 | b();\n      | ^');
  });
  test('is everything, if no line names an error', () => {
    expect(errorLines('Killed\n')).toBe('Killed');
  });
});

describe('headers', () => {
  const MAKEFILE =
    'KBUILD_OUTPUT=/usr/src/linux-headers-1-a\ninclude /usr/src/linux-headers-1-common/Makefile\n';

  test('are moved once', () => {
    const moved = moveSources(MAKEFILE, '/cache/tree');
    expect(moved).toContain('KBUILD_OUTPUT=/cache/tree/usr/src/linux-headers-1-a\n');
    expect(moved).toContain('include /cache/tree/usr/src/linux-headers-1-common/Makefile\n');
    expect(moveSources(moved, '/cache/tree')).toBe(moved);
  });
});

describe('a tool that needs a newer C library', () => {
  test('runs with it, under its own name', () => {
    const text = wrapper('/t/modpost.elf', '/c/usr/lib/x86_64-linux-gnu', ['/lib/x']);
    expect(text.split('\n')[1]).toBe(
      `exec '/c/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2' --argv0 "$0" ` +
        `--library-path '/c/usr/lib/x86_64-linux-gnu:/lib/x' '/t/modpost.elf' "$@"`,
    );
  });
});

/** A bzImage of one setup sector, its payload 16 bytes into the protected-mode part. */
function bzImage(compressed: Buffer): Buffer {
  const image = Buffer.alloc(1024 + 16 + compressed.length + 8);
  image[0x1f1] = 1;
  image.write('HdrS', 0x202);
  image.writeUInt32LE(16, 0x248);
  image.writeUInt32LE(compressed.length, 0x24c);
  compressed.copy(image, 1024 + 16);
  return image;
}

describe('a bzImage', () => {
  const KERNEL = Buffer.from('\x7fELF and more');

  test('holds a compressed kernel', async () => {
    const image = bzImage(gzipSync(KERNEL));
    expect(payload(image)!.program).toBe('gzip');
    expect((await unpackedKernel(image))!.toString()).toBe(KERNEL.toString());
  });

  test('has the size after what other programs compress', () => {
    const compressed = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 9, 9, 9, 9]);
    expect(payload(bzImage(compressed))).toEqual({ data: compressed.subarray(0, 7), program: 'zstd' });
  });

  test('is left as it is if its kernel is none or cannot be unpacked', async () => {
    expect(await unpackedKernel(bzImage(gzipSync(Buffer.from('no ELF'))))).toBeUndefined();
    expect(await unpackedKernel(bzImage(deflateRawSync(KERNEL)))).toBeUndefined();
    expect(await unpackedKernel(bzImage(Buffer.from([0x1f, 0x8b, 1, 2, 3])))).toBeUndefined();
    expect(await unpackedKernel(Buffer.alloc(4096))).toBeUndefined();
    expect(await unpackedKernel(Buffer.alloc(10))).toBeUndefined();
  });
});

describe('User-mode Linux', () => {
  test('is configured with the checks of mm, statically where that works', () => {
    const options = umlConfig({ static: true }).trim().split('\n');
    expect(options).toContain('CONFIG_DEBUG_VM=y');
    expect(options).toContain('CONFIG_STATIC_LINK=y');
    expect(new Set(options).size).toBe(options.length);
    expect(options.every((line) => /^CONFIG_[A-Z0-9_]+=(y|-1)$/.test(line))).toBe(true);
    expect(umlConfig({ static: false })).not.toContain('STATIC_LINK');
  });
});
