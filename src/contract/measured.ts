/** Ids that tests show which real kernels ran and agreed with. Written by `npm run docs:contract`. */
export const MEASURED: ReadonlySet<string> = new Set(
  `
A.1-1 A.1-2 A.1-3 A.1-4 A.1-5 A.2-1 A.2-3 A.2-4 A.2-6 A.2-9 A.3-1 A.3-2 A.3-3 A.3-4 A.3-5 A.3-6 A.3-7
A.3-both A.4-special A.4-rules A.4-first A.6-1 A.6-2 A.7-F1 A.7-F3 A.7-F4 A.8-1 A.8-2 B.1-remap
B.1-insert-pfn B.1-insert-mixed B.1-insert-page B.1-insert-pfn-pmd B.1-remap-vmalloc B.1-fault-page
B.2-unaligned B.2-cow-range B.2-cow-pgoff B.2-shared-pgoff B.2-flags B.2-empty B.2-over-entry
B.2-nomem B.2-prot B.2-error-zaps B.2-error-leaves B.2-frames B.2-warns B.2-silent B.2-twice B.3-io
B.3-wraps B.3-offset B.3-length B.3-unaligned B.3-pgoff B.4-no-flags B.4-both-flags B.4-cow B.4-valid
B.4-outside B.4-new B.4-present B.4-mixed-private B.5-no-flag-bug B.5-no-flag-sigbus B.5-zero
B.5-range B.5-counted B.5-raw B.5-mkwrite-new B.5-mkwrite-same B.5-mkwrite-other B.6-outside
B.6-count-zero B.6-sets-mixedmap B.6-pfnmap B.6-pages-pfnmap B.6-zero B.6-kind B.6-nomem B.6-busy
B.6-effect B.6-partial B.6-map-pages B.6-map-pages-zero B.7-bit B.7-no-bit B.8-where B.8-cow
B.8-mixed-private B.8-range B.8-alignment B.8-present B.8-vfio B.9-full B.9-part B.9-mtrr B.9-overlap
B.9-ram B.9-insert B.9-release B.9-leak B.9-twice B.9-fork B.9-split B.9-move B.9-unmap B.10-dma
B.10-dma-range B.10-vmcore B.10-perf B.10-vdso B.11-fixed-first B.11-hook-error B.11-outside
B.11-cow-part B.11-cow-full B.11-no-merge B.11-late B.11-complete-error B.11-no-ops B.11-null-ops
B.11-override B.11-prot B.11-ioremap B.11-simple-ioremap B.11-kernel-pages B.11-mapped B.11-hidden
B.11-compat C.1-errors C.1-fixed C.1-before-link C.1-error-zaps C.1-no-ops C.1-locked C.1-notify
C.1-early C.1-populate C.2-permission C.2-flags C.2-huge C.2-wp-huge C.2-vma-lock C.2-table C.2-oom
C.3-anon-shared C.3-anon-read C.3-anon-write C.3-no-fault C.3-read C.3-retry C.3-lock C.3-waits
C.3-cow C.3-shared C.4-pfn-shared C.4-pfn-refused C.4-page-shared C.4-exclusive C.4-last C.4-copy
C.4-copy-raw C.4-unshare-anon C.4-unshare-other C.4-unshare-none C.5-user-address C.5-recheck C.5-rss
C.5-counts C.5-exclusive C.5-caching C.6-dontcopy C.6-wipeonfork C.6-needs-copy C.6-io-only
C.6-locked C.6-open C.6-same C.6-enomem C.6-special-shared C.6-special-cow C.6-special-neither
C.6-special-counts C.6-page C.6-anon C.6-pinned C.6-both-copy C.6-huge-pmd C.6-in-tree C.7-may
C.7-eacces C.7-memtype C.7-split C.7-keeps C.7-huge C.7-private-write C.7-shared-write C.7-notify
C.7-soft-dirty C.7-classifies C.7-inverted C.8-same-size C.8-hole C.8-duplicate-private
C.8-duplicate-pfnmap C.8-duplicate-mixedmap C.8-dontunmap C.8-beyond C.8-grow C.8-shrink
C.8-fixed-first C.8-checks-first C.8-grow-mixedmap C.8-grow-mixedmap-move C.8-move C.8-move-part
C.8-anonymous C.8-soft-dirty C.8-hooks C.8-several C.8-huge-pmd C.9-split C.9-may-split C.9-close
C.9-file C.9-special C.9-anon C.9-page C.9-negative C.9-range-raw C.9-range-keeps C.9-range-all
C.9-range-pgoff C.9-zap-pfnmap C.9-zap-mixedmap C.9-huge-whole C.9-huge-part C.10-special C.10-plain
C.11-NORMAL-PFNMAP C.11-NORMAL-MIXEDMAP C.11-NORMAL-IO C.11-SEQUENTIAL-PFNMAP
C.11-SEQUENTIAL-MIXEDMAP C.11-SEQUENTIAL-IO C.11-RANDOM-PFNMAP C.11-RANDOM-MIXEDMAP C.11-RANDOM-IO
C.11-WILLNEED-PFNMAP C.11-WILLNEED-MIXEDMAP C.11-WILLNEED-IO C.11-DONTNEED-PFNMAP
C.11-DONTNEED-MIXEDMAP C.11-DONTNEED-IO C.11-DONTNEED_LOCKED-PFNMAP C.11-DONTNEED_LOCKED-MIXEDMAP
C.11-DONTNEED_LOCKED-IO C.11-FREE-PFNMAP C.11-FREE-MIXEDMAP C.11-FREE-IO C.11-COLD-PFNMAP
C.11-COLD-MIXEDMAP C.11-COLD-IO C.11-PAGEOUT-PFNMAP C.11-PAGEOUT-MIXEDMAP C.11-PAGEOUT-IO
C.11-REMOVE-PFNMAP C.11-REMOVE-MIXEDMAP C.11-REMOVE-IO C.11-DONTFORK-PFNMAP C.11-DONTFORK-MIXEDMAP
C.11-DONTFORK-IO C.11-DOFORK-PFNMAP C.11-DOFORK-MIXEDMAP C.11-DOFORK-IO C.11-WIPEONFORK-PFNMAP
C.11-WIPEONFORK-MIXEDMAP C.11-WIPEONFORK-IO C.11-KEEPONFORK-PFNMAP C.11-KEEPONFORK-MIXEDMAP
C.11-KEEPONFORK-IO C.11-DONTDUMP-PFNMAP C.11-DONTDUMP-MIXEDMAP C.11-DONTDUMP-IO C.11-DODUMP-PFNMAP
C.11-DODUMP-MIXEDMAP C.11-DODUMP-IO C.11-MERGEABLE-PFNMAP C.11-MERGEABLE-MIXEDMAP C.11-MERGEABLE-IO
C.11-UNMERGEABLE-PFNMAP C.11-UNMERGEABLE-MIXEDMAP C.11-UNMERGEABLE-IO C.11-NOHUGEPAGE-PFNMAP
C.11-COLLAPSE-PFNMAP C.11-COLLAPSE-MIXEDMAP C.11-COLLAPSE-IO C.11-POPULATE_READ-PFNMAP
C.11-POPULATE_READ-MIXEDMAP C.11-POPULATE_READ-IO C.11-POPULATE_WRITE-PFNMAP
C.11-POPULATE_WRITE-MIXEDMAP C.11-POPULATE_WRITE-IO C.11-GUARD_INSTALL-PFNMAP
C.11-GUARD_INSTALL-MIXEDMAP C.11-GUARD_INSTALL-IO C.12-mlock C.12-mlock-hole C.12-mlock-populate
C.12-mincore-pfnmap C.12-mincore-mixedmap C.12-msync C.13-ordinary C.13-gup D.1-1 D.1-6 D.1-7 D.1-9
D.1-10 D.1-raw D.1-raw-populate D.1-populate-hole D.1-zero D.1-page D.1-unshare D.1-unshare-longterm
D.1-keeps-longterm D.1-fault D.1-huge D.2-bit D.2-special D.2-no-vma D.2-refused D.2-mapping
D.2-huge-plain D.2-huge D.3-vma D.3-absent D.3-any D.3-access D.3-access-none D.3-access-cowed
D.3-process-vm D.3-process-vm-cow D.4-pte D.4-zero D.4-pmd D.5-test D.5-vma D.5-io D.6-raw
D.6-pfnmap-6.1 D.6-pfnmap D.6-mixedmap D.6-zero D.6-huge D.6-status D.6-soft-dirty D.6-clear-refs
D.7-pfnmap D.7-raw D.7-zero D.7-page D.7-anon D.8-HMM D.8-migrate-vma D.8-uffd D.8-mlock D.8-mincore
D.8-gup-users D.8-user-copy F.V-1 F.V-1b F.V-2 F.V-3 F.V-4 F.V-5 F.V-6 F.V-7 F.V-8 F.V-9 F.V-10
F.V-11 F.V-12 F.V-13 F.V-14 H-4 H-6 H-7 H-9 H-11 H-12 H-14 H-15 F-1a F-1b F-2 F-3 F-4 F-5 F-6 F-7 F-8
F-9 F-10 F-11 F-12 F-13 F-14 F-15 F-16 F-17 F-18 F-19 F-20 F-21 F-22 F-23 F-25 F-26 F-27 F-28 F-30
F-31 F-33 F-34 F-35 F-36 F-37 F-38 F-40
`.match(/\S+/g),
);
