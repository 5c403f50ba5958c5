/** What a journey calls a template by: `welcome` follows what is live, `welcome@1f2e3d4c5b6a` stays at that version. */
export interface TemplateReference {
  name: string;
  version?: string;
}

export function parseReference(reference: string): TemplateReference {
  const [name = '', version] = reference.split('@', 2);
  return version === undefined ? { name } : { name, version };
}
