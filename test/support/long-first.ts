import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose files take long for their size: they start platforms, or read cards with the real models. */
const LONG = /\/test\/(integration|unit\/inference)\//;

/**
 * Order of the files: without results of a former run Vitest goes by their size alone, and the short file that reads
 * cards for half a minute comes last, while all other processes have ended.
 */
export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ project, moduleId }: TestSpecification) =>
      project.name === 'shared' && !LONG.test(moduleId) ? 1 : 0;
    // Stable: otherwise in Vitest's order.
    return sorted.sort((one, other) => place(one) - place(other));
  }
}
