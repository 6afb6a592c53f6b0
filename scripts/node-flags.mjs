/**
 * How node is started for a server. Short-lived objects are what a mail server makes most. In young generations of 4 MiB
 * those of 100 connections do not die in time, and a message costs a sixth more; at node's own 16 the idle server holds
 * 5 MB more.
 */
export const nodeFlags = ['--max-semi-space-size=8'];

/** One arena for all threads (glibc): few of them allocate much, and an arena of its own for each holds 13 MB more. */
export const nodeEnvironment = { MALLOC_ARENA_MAX: '1' };
