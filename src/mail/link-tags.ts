/** SES: `ses:tags="product:book;genre:fiction;"` of a link: names, and the values of each in their order. */
export type LinkTags = Readonly<Record<string, readonly string[]>>;

const noTags: LinkTags = {};

/** SES: letters, digits, `-` and `_`. What is of another form is no tag. */
export function parseLinkTags(text: string): LinkTags {
  if (text === '') return noTags;
  const tags = new Map<string, string[]>();
  for (const pair of text.split(';')) {
    const [, name, value] = /^\s*([\w-]+)\s*:\s*([\w-]+)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) continue;
    const values = tags.get(name);
    if (values) values.push(value);
    else tags.set(name, [value]);
  }
  // Unlike an assignment this makes a property also of `__proto__`.
  return Object.fromEntries(tags);
}

/** The form that `parseLinkTags` reads. */
export function formatLinkTags(tags: LinkTags): string {
  return Object.entries(tags)
    .flatMap(([name, values]) => values.map((value) => `${name}:${value}`))
    .join(';');
}
