/** A test that cannot be taken to a machine, and why. */
export class Untranslatable extends Error {
  override readonly name = 'Untranslatable';
}
