/** Typed values to XML and back, by schema: the replies of awsQuery, both directions of restXml. */
import type { Constraints } from './constraints.ts';
import { Invalid, type Reading } from './invalid.ts';
import { textReader, textWriter } from './scalars.ts';
import { compiled, kindOf, membersOf, type Schema, type Traits, traitsOf } from './schema.ts';
import { escapeXml, type XmlElement } from './xml-text.ts';

/** Writes a whole element, tag and all; a flattened list writes one per item. */
type ElementWriter = (value: unknown) => string;
export type XmlWriter = (value: unknown) => string;
export type XmlReader = (element: XmlElement, reading: Reading) => unknown;
type Structure = Record<string, unknown>;

/** Writers of the content of a structure. */
export function xmlWriters(constraints: Constraints): (structure: Schema) => XmlWriter {
  const structureWriter = compiled<[unknown], string>((structure) => {
    const members = membersOf(structure)
      .filter(({ traits }) => !traits.xmlAttribute)
      .map(({ name, schema, traits, key }) => ({
        name,
        write: elementWriter(schema, traits.xmlName ?? name, traits, constraints[key]?.number),
      }));
    return (value) => {
      let content = '';
      for (const { name, write } of members) {
        const member = (value as Structure)[name];
        if (member !== undefined && member !== null) content += write(member);
      }
      return content;
    };
  });

  type NumberKind = Constraints[string]['number'];

  function elementWriter(schema: Schema, tag: string, traits: Traits, number?: NumberKind): ElementWriter {
    const kind = kindOf(schema);
    if (kind === 'list') return listWriter(schema, tag, traits);
    if (kind === 'map') return mapWriter(schema, tag, traits);
    if (kind === 'structure') {
      const content = structureWriter(schema);
      const attributes = attributesWriter(schema, traits);
      return (value) => `<${tag}${attributes(value)}>${content(value)}</${tag}>`;
    }
    const text = textWriter(schema, { number, timestamp: 'date-time' });
    return (value) => `<${tag}>${escapeXml(text(value))}</${tag}>`;
  }

  function listWriter(list: Schema, tag: string, { xmlFlattened }: Traits): ElementWriter {
    const item = list.getValueSchema();
    const itemTag = xmlFlattened ? tag : (traitsOf(item).xmlName ?? 'member');
    const write = elementWriter(item, itemTag, traitsOf(item));
    const items: ElementWriter = (values) => (values as unknown[]).map(write).join('');
    return xmlFlattened ? items : (values) => `<${tag}>${items(values)}</${tag}>`;
  }

  function mapWriter(map: Schema, tag: string, { xmlFlattened }: Traits): ElementWriter {
    const [key, value] = [map.getKeySchema(), map.getValueSchema()];
    const writeKey = elementWriter(key, traitsOf(key).xmlName ?? 'key', traitsOf(key));
    const writeValue = elementWriter(value, traitsOf(value).xmlName ?? 'value', traitsOf(value));
    const entryTag = xmlFlattened ? tag : 'entry';
    const entries: ElementWriter = (object) =>
      Object.entries(object as object)
        .filter(([, item]) => item !== undefined && item !== null)
        .map(([name, item]) => `<${entryTag}>${writeKey(name)}${writeValue(item)}</${entryTag}>`)
        .join('');
    return xmlFlattened ? entries : (object) => `<${tag}>${entries(object)}</${tag}>`;
  }

  return structureWriter;
}

/** ` xmlns:xsi="…" xsi:type="…"` of an element whose structure has members that are attributes. */
function attributesWriter(structure: Schema, traits: Traits): (value: unknown) => string {
  const namespace = namespaceAttribute(traits);
  const attributes = membersOf(structure).filter((member) => member.traits.xmlAttribute);
  if (attributes.length === 0) return () => namespace;
  return (value) =>
    attributes.reduce((text, { name, traits }) => {
      const attribute = (value as Structure)[name];
      return attribute === undefined ? text : `${text} ${traits.xmlName ?? name}="${escapeXml(String(attribute))}"`;
    }, namespace);
}

export function namespaceAttribute({ xmlNamespace }: Traits): string {
  if (!xmlNamespace) return '';
  const [prefix, uri] = typeof xmlNamespace === 'string' ? ['', xmlNamespace] : xmlNamespace;
  return ` xmlns${prefix && `:${prefix}`}="${uri}"`;
}

/** Readers of a structure from its element. Absent members are absent; who is required is the caller's to check. */
export function xmlReaders(): (structure: Schema) => XmlReader {
  const structureReader = compiled<[XmlElement, Reading], unknown>((structure) => {
    const members = membersOf(structure).map(({ name, path, schema, traits, required }) => ({
      name,
      path,
      required,
      read: memberReader(schema, traits.xmlName ?? name, traits),
    }));
    return (element, reading) => {
      const value: Structure = {};
      for (const { name, path, required, read } of members) {
        reading.enter(path);
        const member = read(element, reading);
        if (member !== undefined) value[name] = member;
        else if (required) reading.violate('Member must not be null', 'Value null');
        reading.leave();
      }
      return value;
    };
  });

  /** Takes the parent: a flattened list is spread over it, an attribute is on it. */
  function memberReader(schema: Schema, tag: string, traits: Traits): XmlReader {
    if (traits.xmlAttribute) return ({ attributes }) => attributes.get(tag);
    if (traits.xmlFlattened && kindOf(schema) === 'list') return itemsReader(schema, tag, true);
    if (traits.xmlFlattened && kindOf(schema) === 'map') return entriesReader(schema, tag, true);
    const read = elementReader(schema);
    return (parent, reading) => {
      const element = parent.children.find((child) => child.name === tag);
      return element && read(element, reading);
    };
  }

  function elementReader(schema: Schema): XmlReader {
    switch (kindOf(schema)) {
      case 'structure':
        return structureReader(schema);
      case 'list':
        return itemsReader(schema, traitsOf(schema.getValueSchema()).xmlName ?? 'member', false);
      case 'map':
        return entriesReader(schema, 'entry', false);
      default: {
        const read = textReader(schema, undefined);
        return (element) => read(element.text);
      }
    }
  }

  /** Items that are absent as a whole: an empty list where the list has an element of its own, else no list. */
  function itemsReader(list: Schema, tag: string, flattened: boolean): XmlReader {
    const read = elementReader(list.getValueSchema());
    return (parent, reading) => {
      const items = parent.children.filter((child) => child.name === tag);
      if (flattened && items.length === 0) return undefined;
      return items.map((item, position) => {
        reading.enter(position);
        const value = read(item, reading);
        reading.leave();
        return value;
      });
    };
  }

  function entriesReader(map: Schema, tag: string, flattened: boolean): XmlReader {
    const [key, value] = [map.getKeySchema(), map.getValueSchema()];
    const readKey = memberReader(key, traitsOf(key).xmlName ?? 'key', {});
    const readValue = memberReader(value, traitsOf(value).xmlName ?? 'value', {});
    return (parent, reading) => {
      const entries = parent.children.filter((child) => child.name === tag);
      if (flattened && entries.length === 0) return undefined;
      return Object.fromEntries(entries.map((entry) => [readKey(entry, reading), readValue(entry, reading)]));
    };
  }

  return structureReader;
}

/** The root must be the one that the model names. */
export function expectRoot(element: XmlElement, name: string): XmlElement {
  if (element.name === name) return element;
  throw new Invalid('malformed', `The root element must be ${name}`);
}
