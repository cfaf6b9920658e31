#pragma once
#include <stddef.h>
#include <stdint.h>

/// Finds many byte strings in one pass over a text.
typedef struct byte_search byte_search;

/// The shortest string that can be looked for.
enum { BYTE_SEARCH_MINIMUM = 8 };

/// Copies the strings, which stand one after the other in `bytes`. NULL when one is too short or memory is out.
byte_search *_Nullable byte_search_make(const uint8_t *_Nonnull bytes, const size_t *_Nonnull lengths, size_t count);
void byte_search_free(byte_search *_Nullable search);

/// Marks in `found` (one byte for each string) those that stand in the text.
void byte_search_scan(const byte_search *_Nonnull search, const uint8_t *_Nonnull text, size_t length, uint8_t *_Nonnull found);

/// The size of an open file that has one: of anything else -1.
int64_t byte_search_file_size(int descriptor);
