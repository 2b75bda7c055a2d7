/** PFN2050 to PFN2070: what names in a condition stand for. */
import type { CodeDoc } from '../../c/diagnostics.js';
import { asking, mapping, sample } from './sample.js';

const FORKING = 'P0()\n{\n\tint x = 0;\n\tint pid = fork();\n}';

export const NAME_CODES = {
  PFN2050: {
    code: 'PFN2050',
    title: 'an unknown thread',
    explanation: 'The number before `:` is that of a thread of the test.',
    example: asking('exists (1:x = 0)'),
    fix: asking('exists (0:x = 0)'),
  },
  PFN2051: {
    code: 'PFN2051',
    title: 'an unknown variable of a thread',
    explanation:
      '`0:x` is the variable `x` that P0 declares, in whatever block. Globals of the driver are named without a thread.',
    example: sample({ threads: 'P0()\n{\n\tint value = 0;\n}', clause: 'exists (0:vlaue = 0)' }),
    fix: sample({ threads: 'P0()\n{\n\tint value = 0;\n}', clause: 'exists (0:value = 0)' }),
  },
  PFN2052: {
    code: 'PFN2052',
    title: 'an ambiguous variable',
    explanation:
      'The thread declares the name in more than one block, so the condition does not say which variable is meant.',
    example: sample({ threads: 'P0()\n{\n\tint x = 0;\n\t{\n\t\tint x = 1;\n\t}\n}' }),
    fix: sample({ threads: 'P0()\n{\n\tint x = 0;\n\t{\n\t\tint y = 1;\n\t}\n}' }),
  },
  PFN2053: {
    code: 'PFN2053',
    title: 'an unknown observer',
    explanation:
      'Observers are a fixed list; driver functions and system calls cannot be called in a condition.',
    example: mapping('exists (0:vm_normal_pages(p) = NULL)'),
    fix: mapping('exists (0:vm_normal_page(p) = NULL)'),
  },
  PFN2054: {
    code: 'PFN2054',
    title: 'an observer with the wrong number of arguments',
    explanation:
      'Observers of an entry take one address, those of a frame one frame, `bug` and its like one name, `leaked()` and `deadlock()` ' +
      'nothing. Attributes such as `0:signal` take no parentheses.',
    example: mapping('exists (0:pfn(p, 1) = buf)'),
    fix: mapping('exists (0:pfn(p + PAGE_SIZE) = none)'),
  },
  PFN2055: {
    code: 'PFN2055',
    title: 'a process missing, or one too many',
    explanation:
      'Page tables and VMAs belong to a process: `0:present(p)`, `0:signal`. Frames, reports and globals of the driver do not: ' +
      '`refcount(buf)`, `leaked()`.',
    example: mapping('exists (present(p) = 1)'),
    fix: mapping('exists (0:present(p) = 1)'),
  },
  PFN2056: {
    code: 'PFN2056',
    title: 'a call that acts, in a condition',
    explanation:
      'Asking must not change what is asked about. `gup`, `follow_pfnmap`, `smaps` and their like fault, pin or split, so they are calls ' +
      'in threads, whose result a variable keeps.',
    example: mapping('exists (0:gup(p) = 0)'),
    fix: sample({
      threads:
        'P0()\n{\n\tchar *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n\tint r = gup(p, 0);\n}',
      clause: 'exists (0:r = 0)',
    }),
  },
  PFN2057: {
    code: 'PFN2057',
    title: 'an unknown name',
    explanation:
      'A name without a thread is a region, a resource, a global or macro of the driver, an error number, a signal, a size such as ' +
      '`PAGE_SIZE`, or one of `NULL`, `none`, `dead`.',
    example: mapping('exists (0:pfn(p) = bfu)'),
    fix: mapping('exists (0:pfn(p) = buf)'),
  },
  PFN2058: {
    code: 'PFN2058',
    title: 'an unknown VMA flag',
    explanation:
      'Flags are named without `VM_`. Only those that mean the same on every architecture have names here.',
    example: mapping('exists (0:vma_flags(p) & VM_IO)'),
    fix: mapping('exists (0:vma_flags(p) & IO)'),
  },
  PFN2059: {
    code: 'PFN2059',
    title: 'VMA flags used as a number',
    explanation:
      'The bits differ between machines, so flags are tested by name, one at a time: `0:vma_flags(p) & IO` is true or false and is not ' +
      'compared again. `&` has no other use.',
    example: mapping('exists (0:vma_flags(p) & IO = 0)'),
    fix: mapping('exists (~(0:vma_flags(p) & IO))'),
  },
  PFN2060: {
    code: 'PFN2060',
    title: 'an argument of the wrong kind',
    explanation:
      'An address is a pointer variable of the observed process, named without a thread, or `arena`, plus a constant. A frame is a region ' +
      'plus a constant, or what an observer such as `0:pfn(p)` gives. `bug` and its like take a name.',
    example: mapping('exists (0:present(buf) = 1)'),
    fix: mapping('exists (0:present(p) = 1)'),
  },
  PFN2061: {
    code: 'PFN2061',
    title: 'an order where there is none',
    explanation: '`NULL`, `none` and `dead` are no numbers: a value is one of them or it is not.',
    example: mapping('exists (0:vm_normal_page(p) > NULL)'),
    fix: mapping('exists (0:vm_normal_page(p) != NULL)'),
  },
  PFN2062: {
    code: 'PFN2062',
    title: 'a child that cannot be',
    explanation:
      'The k-th child that fork() makes is `ck`: `0:c1.x`, and its own first child `0:c1.c1.x`. A thread without fork() has none.',
    example: asking('exists (0:c1.x = 0)'),
    fix: sample({ threads: FORKING, clause: 'exists (0:c1.x = 0)' }),
  },
  PFN2063: {
    code: 'PFN2063',
    title: 'an unknown name in bug(), warned() or undefined()',
    explanation:
      '`bug` and `warned` name the kernel function or system call that was entered, or `page_fault`; `undefined` names an undefined behaviour ' +
      'that the model knows. Any other name would never be true.',
    example: mapping('exists (bug(remap_pfn_rnage))'),
    fix: mapping('exists (bug(remap_pfn_range) \\/ undefined(use_after_free))'),
  },
  PFN2069: {
    code: 'PFN2069',
    title: "an element of a thread's variable",
    explanation:
      'Only whole variables of threads are part of an outcome; elements and members can be named of driver globals only.',
    example: sample({ threads: 'P0()\n{\n\tint x[2];\n\tx[1] = 1;\n}', clause: 'exists (0:x[1] = 1)' }),
    fix: sample({
      threads: 'P0()\n{\n\tint x[2];\n\tint y;\n\tx[1] = 1;\n\ty = x[1];\n}',
      clause: 'exists (0:y = 1)',
    }),
  },
  PFN2070: {
    code: 'PFN2070',
    title: 'a memory type compared with something else',
    explanation:
      '`cache` gives a memory type, which is compared with `=` or `!=`, with another or with a name: wb, wc, uc_minus, uc, wt, wp, device.',
    example: mapping('exists (0:cache(p) = 3)'),
    fix: mapping('exists (0:cache(p) = uc)'),
  },
} as const satisfies Record<string, CodeDoc>;
