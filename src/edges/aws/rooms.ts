/** What the handlers may call: the faces of the core's rooms. */
// biome-ignore lint/suspicious/noEmptyInterface: the rooms move in one by one
export interface Rooms {}
