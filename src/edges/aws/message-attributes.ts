/** Attributes of a message in SQS's and SNS's spelling, from and to those of the house. */
import { Refusal } from '../../base/refusal.ts';
import { isBinary, type MessageAttributes } from '../../core/targets/targets.ts';

interface Spelled {
  readonly DataType?: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

/** SQS: attributes of one message. */
const MOST_ATTRIBUTES = 10;

export function attributesFrom(spelled: Readonly<Record<string, Spelled>> = {}): MessageAttributes {
  const entries = Object.entries(spelled);
  if (entries.length > MOST_ATTRIBUTES) {
    throw new Refusal(
      'invalid-parameter',
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${MOST_ATTRIBUTES}].`,
    );
  }
  return Object.fromEntries(entries.map(([name, attribute]) => [name, attributeFrom(name, attribute)]));
}

function attributeFrom(name: string, { DataType: type = '', StringValue, BinaryValue }: Spelled) {
  const refuse = (reason: string) => {
    throw new Refusal('invalid-parameter', `The message attribute '${name}' ${reason}`);
  };
  if (!/^[\w.-]{1,256}$/.test(name) || /^(aws|amazon)\.|^\.|\.$|\.\./i.test(name)) {
    throw new Refusal('invalid-parameter', `Invalid message attribute name '${name}'.`);
  }
  if (!/^(String|Number|Binary)(\..+)?$/.test(type)) {
    refuse(`has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`);
  }
  if (isBinary({ type })) {
    if (!BinaryValue?.length)
      refuse(`must contain a non-empty message attribute value for message attribute type '${type}'.`);
    return { type, value: Buffer.from(BinaryValue!).toString('base64') };
  }
  if (!StringValue) refuse(`must contain a non-empty message attribute value for message attribute type '${type}'.`);
  if (type.startsWith('Number') && !Number.isFinite(Number(StringValue))) {
    refuse(`with type '${type}' must use a valid number value.`);
  }
  return { type, value: StringValue! };
}

export function attributesTo(attributes: MessageAttributes) {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [
      name,
      isBinary(attribute)
        ? { DataType: attribute.type, BinaryValue: Buffer.from(attribute.value, 'base64') }
        : { DataType: attribute.type, StringValue: attribute.value },
    ]),
  );
}
