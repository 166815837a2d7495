import { fetchedComponents } from './fetched-components.ts';
import type { Sbom } from './npm-sbom.ts';

/** npm's document, with what ktpflow fetches besides and under the package's own name (npm takes the folder's). */
export function completeSbom(sbom: Sbom): Sbom {
  const fetched = fetchedComponents();
  const refs = fetched.map((component) => component['bom-ref']);
  const own = sbom.metadata.component['bom-ref'];
  const name = own.slice(0, own.lastIndexOf('@'));
  return {
    ...sbom,
    metadata: { ...sbom.metadata, component: { ...sbom.metadata.component, type: 'application', name } },
    components: [...sbom.components, ...fetched],
    dependencies: [
      ...sbom.dependencies.map((entry) =>
        entry.ref === own ? { ...entry, dependsOn: [...entry.dependsOn, ...refs] } : entry,
      ),
      ...refs.map((ref) => ({ ref, dependsOn: [] })),
    ],
  };
}
