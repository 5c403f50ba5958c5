/** A JSON Schema (draft 2020-12), with the keywords that the export writes and the check reads. */
export interface JsonSchema {
  [keyword: string]: unknown;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  not?: JsonSchema;
  examples?: unknown[];
  /** What Rivulet may use the field for: see events/field-classes.ts. */
  'x-class'?: string;
}
