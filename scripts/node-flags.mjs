/**
 * How node is started for a server. Short-lived objects are what a mail server makes most: young generations of 4 MiB
 * (node: 16) hold as many as are alive at once, and each thread keeps that much less memory for itself.
 */
export const nodeFlags = ['--max-semi-space-size=4'];
