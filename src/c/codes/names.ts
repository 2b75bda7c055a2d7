/** Codes of names, types and values. */
import type { CodeDoc } from '../diagnostics.js';

export const NAME_CODES: readonly CodeDoc[] = [
  {
    code: 'PFN1101',
    title: 'Unknown name',
    explanation:
      'The name is not a variable, parameter, constant or macro that is declared before this place.',
    example: `static int f(void)
{
	return -EINVALID;
}`,
    fix: `static int f(void)
{
	return -EINVAL;
}`,
  },
  {
    code: 'PFN1102',
    title: 'Unknown function',
    explanation:
      "The function is neither defined before this place nor part of the API: the kernel's for drivers, " +
      'the system calls for threads. C needs a declaration before the first call.',
    example: `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_rang(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
}`,
    fix: `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
}`,
  },
  {
    code: 'PFN1103',
    title: 'Unknown type',
    explanation: 'The name is not a type. Structs are written with `struct`.',
    example: `static int f(vm_area_struct *vma)
{
	return 0;
}`,
    fix: `static int f(struct vm_area_struct *vma)
{
	return 0;
}`,
  },
  {
    code: 'PFN1104',
    title: 'Unknown struct or enum',
    explanation: 'The tag is neither defined in this file nor one of the kernel structs that the model has.',
    example: `static int f(struct vm_area_strct *vma)
{
	return 0;
}`,
    fix: `static int f(struct vm_area_struct *vma)
{
	return 0;
}`,
  },
  {
    code: 'PFN1105',
    title: 'Unknown member',
    explanation:
      "The struct has no such member. Of the kernel's structs the model has those that mapping drivers " +
      'use.',
    example: `static unsigned long f(struct vm_area_struct *vma)
{
	return vma->vm_begin;
}`,
    fix: `static unsigned long f(struct vm_area_struct *vma)
{
	return vma->vm_start;
}`,
  },
  {
    code: 'PFN1106',
    title: 'Declared twice',
    explanation:
      'A name has one meaning in its scope; a function or struct has one definition, and its ' +
      'declarations agree.',
    example: `static int count;
static long count;`,
    fix: `static int count;
static long total;`,
  },
  {
    code: 'PFN1107',
    title: 'Incomplete type',
    explanation:
      'An object, a parameter or an array element needs a type of known size. Kernel objects are ' +
      'reached by pointers.',
    example: `static struct file the_file;`,
    fix: `static struct file *the_file;`,
  },
  {
    code: 'PFN1108',
    title: 'Incompatible types',
    explanation:
      'The value has another type than the place it goes to, and C converts only between integers, ' +
      'between `void *` and other pointers, and from 0 to pointers. User and kernel pointers do not ' +
      'mix.',
    example: `static void f(struct page *page)
{
	get_page(page);
}
static void g(struct file *file)
{
	f(file);
}`,
    fix: `static void f(struct page *page)
{
	get_page(page);
}
static void g(struct page *page)
{
	f(page);
}`,
  },
  {
    code: 'PFN1109',
    title: 'Cast between pointer and integer',
    explanation:
      'Only user pointers are numbers: byte addresses as wide as `unsigned long`. Pointers to kernel ' +
      'objects are handles without a numeric value.',
    example: `static unsigned long f(struct page *page)
{
	return (unsigned long)page;
}`,
    fix: `static unsigned long f(void __user *p)
{
	return (unsigned long)p;
}`,
  },
  {
    code: 'PFN1110',
    title: 'Wrong arguments',
    explanation: 'The call has too many or too few arguments, or a type where a value is needed.',
    example: `static void f(struct mutex *m)
{
	mutex_lock(m, 0);
}`,
    fix: `static void f(struct mutex *m)
{
	mutex_lock(m);
}`,
  },
  {
    code: 'PFN1111',
    title: 'Not an object',
    explanation:
      'Only variables, members, elements and what pointers point to can be assigned or have their ' +
      'address taken.',
    example: `static void f(int a)
{
	int *p = &(a + 1);
}`,
    fix: `static void f(int a)
{
	int *p = &a;
}`,
  },
  {
    code: 'PFN1112',
    title: 'Must not be assigned',
    explanation: 'The object is const, or a member that drivers change through a function only.',
    example: `static void f(struct vm_area_struct *vma)
{
	vma->vm_flags |= VM_IO;
}`,
    fix: `static void f(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_IO);
}`,
  },
  {
    code: 'PFN1113',
    title: 'Wrong operand',
    explanation: 'The operator is not defined for a value of this type.',
    example: `static long f(char __user *p)
{
	return p * 2;
}`,
    fix: `static long f(char __user *p)
{
	return (unsigned long)p * 2;
}`,
  },
  {
    code: 'PFN1114',
    title: 'Not a pointer',
    explanation: 'Only pointers to objects can be dereferenced; `void *` must get a type first.',
    example: `static int f(int a)
{
	return *a;
}`,
    fix: `static int f(int *a)
{
	return *a;
}`,
  },
  {
    code: 'PFN1115',
    title: 'Wrong member access',
    explanation: '`.` takes a struct, `->` a pointer to one.',
    example: `static unsigned long f(struct vm_area_struct *vma)
{
	return vma.vm_start;
}`,
    fix: `static unsigned long f(struct vm_area_struct *vma)
{
	return vma->vm_start;
}`,
  },
  {
    code: 'PFN1116',
    title: 'Not a function',
    explanation: 'The name that is called is not a function.',
    example: `static int count;
static int f(void)
{
	return count();
}`,
    fix: `static int count;
static int f(void)
{
	return count;
}`,
  },
  {
    code: 'PFN1117',
    title: 'Wrong return',
    explanation:
      'A function that returns a value needs one in every `return`; one that returns void, and a ' +
      'thread, has none.',
    example: `static void f(int a)
{
	return a;
}`,
    fix: `static int f(int a)
{
	return a;
}`,
  },
];
