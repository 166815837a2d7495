import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../../src/observability/metrics.ts';

const read = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly query: string }[] };
}
interface Alerts {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

const dashboard: Dashboard = JSON.parse(await read('deploy/grafana/dashboard.json'));
const rules = (parse(await read('deploy/grafana/alerts.yaml')) as Alerts).groups.flatMap((group) => group.rules);
const expressions = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.map(({ query }) => query).filter((query) => query.startsWith('label_values(')),
  ...rules.map(({ expr }) => expr),
];

/** What a PromQL text selects: names of ours, and whatever has a selector or a range behind it. */
function metricsIn(expression: string): string[] {
  const withoutStrings = expression.replaceAll(/"[^"]*"/g, '""');
  return withoutStrings.match(/\bktpflow_\w+|\b[a-z_]\w*(?=\s*[{[])/g) ?? [];
}

describe('dashboard and alerts', () => {
  it('ask only for metrics that a process has', async () => {
    const metrics = await createMetrics().registry.getMetricsAsJSON();
    // Prometheus makes `up` by itself, and three series of a histogram.
    const known = new Set(['up', ...metrics.map(({ name }) => name)]);
    const bare = (name: string) => name.replace(/_(?:bucket|sum|count)$/, '');
    const asked = expressions.flatMap(metricsIn);
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !known.has(name) && !known.has(bare(name)))).toEqual([]);
  });

  it('use every metric that we made ourselves', async () => {
    const metrics = await createMetrics().registry.getMetricsAsJSON();
    const own = metrics.map(({ name }) => name).filter((name) => !/^ktpflow_(?:process|nodejs)_/.test(name));
    const text = expressions.join('\n');
    expect(own.filter((name) => !text.includes(name))).toEqual([]);
  });

  it('have a section in the runbook for each alert', async () => {
    const runbook = await read('docs/runbook.md');
    expect(rules.map(({ alert }) => alert).filter((alert) => !runbook.includes(`\n## ${alert}\n`))).toEqual([]);
  });
});
