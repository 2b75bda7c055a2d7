/** Threads of the built command line that help with searches which tests make. */
import { pathToFileURL } from 'node:url';
import { Helpers, type CrewData } from '../../src/cli/crew.js';
import type { Shared } from '../../src/explore/crew.js';

/** Some that are ready, and remember what they have reported. */
export class Ready<Task extends { readonly shared: Shared }, Report> extends Helpers<Task, Report> {
  readonly reports: Report[] = [];

  static async of<Task extends { readonly shared: Shared }, Report>(
    threads: number,
    data: CrewData,
  ): Promise<Ready<Task, Report>> {
    const helpers = new Ready<Task, Report>(threads, data, pathToFileURL('dist/cli/worker.js'));
    while (!helpers.ready()) await new Promise((resolve) => setTimeout(resolve, 5));
    return helpers;
  }

  override async search(tasks: readonly Task[]): Promise<readonly Report[]> {
    const reports = await super.search(tasks);
    this.reports.push(...reports);
    return reports;
  }
}
