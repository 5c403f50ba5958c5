import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { HTTPRoute } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1';
import { Ajv, type SchemaObject } from 'ajv';

import { fromPyPI } from './downloads.ts';
import type { Manifest } from './render-chart.ts';

/** The oldest version of Kubernetes that the chart accepts. */
export const kubernetesVersion = '1.30.0';

/** Custom resources. */
const models = {
  'keda.sh/v1alpha1/ScaledObject': ScaledObject,
  'gateway.networking.k8s.io/v1/HTTPRoute': HTTPRoute,
};

/** Returns a validator by the schemas of Kubernetes, KEDA and the Gateway API. It throws; a field that Kubernetes does not know is an error. */
export function manifestValidator(): (manifest: Manifest) => void {
  const sha256 = '85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9';
  const version = `v${kubernetesVersion}-local-strict`;
  const wheel = fromPyPI('kubernetes-validate', '1.37.0', sha256, new RegExp(version.replaceAll('.', '\\.')));
  const folder = join(wheel, 'kubernetes_validate/kubernetes-json-schema', version);
  const schema = (file: string): SchemaObject => {
    const { $schema: _, ...rest } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as SchemaObject;
    return { ...rest, $id: file };
  };
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ ...schema('_definitions.json'), $id: '/api/_definitions.json' });

  return (manifest) => {
    const { apiVersion, kind } = manifest;
    const Model = models[`${apiVersion}/${kind}` as keyof typeof models];
    if (Model) return new Model(manifest as never).validate();
    const [group, v] = apiVersion.includes('/') ? apiVersion.split('/') : [undefined, apiVersion];
    const file = `${[kind.toLowerCase(), ...(group ? [group.split('.')[0]] : []), v].join('-')}.json`;
    const validate = ajv.getSchema(file) ?? ajv.compile(schema(file));
    if (!validate(manifest)) throw new Error(ajv.errorsText(validate.errors));
  };
}
