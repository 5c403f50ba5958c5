/** What must not be read in any log: values of fields that are classed as personal. */
export interface PersonalValues {
  address: string;
  name: string;
}

/** The lines of these outputs that hold a personal value of one of these people, each with the process and its number. */
export function personalFieldsIn(outputs: Readonly<Record<string, string>>, ...people: PersonalValues[]): string[] {
  const values = people.flatMap(({ address, name }) => [address, encodeURIComponent(address), name]);
  const needles = [...new Set(values.map((value) => value.toLowerCase()))];
  return Object.entries(outputs).flatMap(([name, output]) =>
    output.split('\n').flatMap((line, index) => {
      const lower = line.toLowerCase();
      return needles.some((needle) => lower.includes(needle)) ? [`${name} line ${index + 1}: ${line}`] : [];
    }),
  );
}
