/** awsQuery's form: `Destination.ToAddresses.member.1=a%40example.com` to typed values, by schema. */
import { type Constraints, checkOf } from './constraints.ts';
import { Invalid, MAX_DEPTH, type Reading } from './invalid.ts';
import { textReader } from './scalars.ts';
import { compiled, kindOf, type Member, membersOf, type Schema, type Traits, traitsOf } from './schema.ts';
import { pairsOf } from './text.ts';

/** A form as the tree that its dotted names describe. Maps, not objects: the names are the caller's. */
export class FormNode {
  value = '';
  readonly children = new Map<string, FormNode>();

  child(name: string): FormNode | undefined {
    return this.children.get(name);
  }

  /** `1`, `2`, … in their numeric order; gaps do not matter. */
  numbered(): FormNode[] {
    const items: [number, FormNode][] = [];
    for (const [name, node] of this.children) if (/^\d+$/.test(name)) items.push([Number(name), node]);
    return items.sort(([a], [b]) => a - b).map(([, node]) => node);
  }
}

export function parseForm(text: string): FormNode {
  const root = new FormNode();
  for (const [name, value] of pairsOf(text)) place(root, name, value);
  return root;
}

function place(root: FormNode, name: string, value: string): void {
  let node = root;
  let depth = 0;
  for (const step of name.split('.')) {
    if (++depth > MAX_DEPTH) throw new Invalid('malformed', `Nested deeper than ${MAX_DEPTH} levels`);
    let child = node.children.get(step);
    if (!child) {
      child = new FormNode();
      node.children.set(step, child);
    }
    node = child;
  }
  node.value = value;
}

export type FormReader = (node: FormNode, reading: Reading) => unknown;

const NULL_VALUE = 'Value null';
const NOT_NULL = 'Member must not be null';
const nothing = new FormNode();

/** A reader of a whole structure: an operation's input. */
export function formReaders(constraints: Constraints): (structure: Schema) => FormReader {
  const structureReader = compiled<[FormNode, Reading], unknown>((structure) => {
    const members = membersOf(structure).map((member) => ({
      ...member,
      wire: member.traits.xmlName ?? member.name,
      read: valueReader(member.schema, member.traits, member),
      check: checkOf(constraints[member.key]),
    }));
    return (node, reading) => {
      const value: Record<string, unknown> = {};
      for (const { name, path, wire, kind, required, read, check } of members) {
        const child = node.child(wire);
        if (!child && !required) continue;
        reading.enter(path);
        // An empty structure leaves nothing on this wire: its own required members tell whether it may be empty.
        if (!child && kind !== 'structure') {
          reading.violate(NOT_NULL, NULL_VALUE);
        } else {
          value[name] = read(child ?? nothing, reading);
          check?.(value[name], reading);
        }
        reading.leave();
      }
      return value;
    };
  });

  function valueReader(schema: Schema, traits: Traits, member?: Member): FormReader {
    switch (kindOf(schema)) {
      case 'structure':
        return structureReader(schema);
      case 'list':
        return listReader(schema, traits);
      case 'map':
        return mapReader(schema, traits);
      default: {
        const read = textReader(schema, member && constraints[member.key]?.number);
        return (node) => read(node.value);
      }
    }
  }

  function listReader(list: Schema, { xmlFlattened }: Traits): FormReader {
    const item = list.getValueSchema();
    const read = valueReader(item, traitsOf(item));
    const wire = traitsOf(item).xmlName ?? 'member';
    return (node, reading) =>
      itemsOf(xmlFlattened ? node : node.child(wire)).map((child, position) => {
        reading.enter(position);
        const value = read(child, reading);
        reading.leave();
        return value;
      });
  }

  function mapReader(map: Schema, { xmlFlattened }: Traits): FormReader {
    const [keySchema, valueSchema] = [map.getKeySchema(), map.getValueSchema()];
    const keyName = traitsOf(keySchema).xmlName ?? 'key';
    const valueName = traitsOf(valueSchema).xmlName ?? 'value';
    const read = valueReader(valueSchema, traitsOf(valueSchema));
    return (node, reading) => {
      const entries: [string, unknown][] = [];
      for (const entry of itemsOf(xmlFlattened ? node : node.child('entry'))) {
        const key = entry.child(keyName)?.value;
        if (key === undefined) continue;
        reading.enter(key);
        entries.push([key, read(entry.child(valueName) ?? nothing, reading)]);
        reading.leave();
      }
      return Object.fromEntries(entries);
    };
  }

  return structureReader;
}

/** An empty list comes as `X=`. */
function itemsOf(node: FormNode | undefined): FormNode[] {
  return node ? node.numbered() : [];
}
