import { describe, expect, test } from 'vitest';
import {
  byNumbers,
  matchingNames,
  parseMirrors,
  parsePackages,
  preferred,
  sourcesList,
} from '../../../src/replay/kernels/apt.js';

const TARGETS = `https://mirror.example/debian Debian|bookworm
https://mirror.example/debian Debian|bookworm-updates
https://mirror.example/security Debian|bookworm-security
https://other.example/node Other|nodistro
`;

describe('the mirrors', () => {
  test("are the machine's own", () => {
    expect(parseMirrors(TARGETS)).toEqual({
      main: 'https://mirror.example/debian',
      security: 'https://mirror.example/security',
    });
  });

  test('need not include one for security', () => {
    expect(parseMirrors('http://m.example Debian|sid').security).toBeUndefined();
  });

  test('are not those of another vendor', () => {
    expect(() => parseMirrors('http://m.example Ubuntu|noble')).toThrow('no archive of Debian');
  });

  test('serve the suites, each from its own', () => {
    const list = sourcesList(parseMirrors(TARGETS), ['trixie-security', 'trixie'], 'armhf');
    expect(list.split('\n').map((line) => line.replace(/signed-by=\S+ /, ''))).toEqual([
      'deb [arch=armhf] https://mirror.example/security trixie-security main',
      'deb [arch=armhf] https://mirror.example/debian trixie main',
      '',
    ]);
    expect(sourcesList({ main: 'http://m', security: undefined }, ['x-security'], 'amd64')).toBe('');
  });
});

describe('package names', () => {
  const SEARCH = `linux-image-6.1.0-9-cloud-amd64-unsigned - Linux 6.1
linux-image-6.1.0-56-cloud-amd64-unsigned - Linux 6.1
linux-image-6.1.0-56-cloud-amd64-unsigned-dbg - Debug symbols
linux-image-cloud-amd64 - Linux
`;

  test('are ordered by their numbers', () => {
    expect(['a-10', 'a-9', 'a-9.2', 'a-9.11'].sort(byNumbers)).toEqual(['a-9', 'a-9.2', 'a-9.11', 'a-10']);
  });

  test('match as a whole, the newest first', () => {
    const pattern = /linux-image-6\.1\.0-[0-9]+-cloud-amd64-unsigned/;
    expect(matchingNames(SEARCH, pattern)).toEqual([
      'linux-image-6.1.0-56-cloud-amd64-unsigned',
      'linux-image-6.1.0-9-cloud-amd64-unsigned',
    ]);
    expect(matchingNames('', pattern)).toEqual([]);
  });
});

describe('packages', () => {
  const SHOWN = `Package: linux-image-6.12.117
Source: linux-signed
Version: 6.12.117-1
Architecture: amd64
Size: 34670992
SHA256: 4113
Description: Linux
 Package: of words

Package: linux-image-6.12.107
Version: 6.12.107-1
Architecture: amd64
Size: 1
SHA256: 5224
`;

  test('are read from what apt-cache shows', () => {
    expect(parsePackages(SHOWN)).toEqual([
      {
        name: 'linux-image-6.12.117',
        version: '6.12.117-1',
        architecture: 'amd64',
        size: 34670992,
        sha256: '4113',
      },
      { name: 'linux-image-6.12.107', version: '6.12.107-1', architecture: 'amd64', size: 1, sha256: '5224' },
    ]);
    expect(parsePackages('\n')).toEqual([]);
  });

  test('are those of the version that the model was read from, if the archive still has it', () => {
    const packages = parsePackages(SHOWN);
    expect(preferred(packages, '6.12.107')!.version).toBe('6.12.107-1');
    expect(preferred(packages, '6.12.10')!.version).toBe('6.12.117-1');
    expect(preferred([], '6.12.107')).toBeUndefined();
  });
});
