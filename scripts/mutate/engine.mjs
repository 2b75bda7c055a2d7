// What a mutant's engine is asked: a test is lowered once and explored for many mutants.
export { answerCompiled, factsOf, optionFacts } from '../../src/run/index.ts';
export { compile } from '../../src/run/boot.ts';
export { USUAL_PTRS } from '../../src/litmus/region-size.ts';
