#include "byte_search.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// Every string is filed under a hash of its first four bytes; a place in the text whose hash no string has is passed by.
#define SLOTS 65536u

struct byte_search {
    size_t count;
    uint8_t *bytes;
    size_t *starts, *lengths;
    // Index + 1 of the first string of a slot, and of the next one in the same slot; 0 ends.
    uint32_t slots[SLOTS];
    uint32_t *next;
};

static uint32_t slot_of(const uint8_t *at) {
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return (word * 2654435761u) >> 16;
}

void byte_search_free(byte_search *search) {
    if (!search) return;
    free(search->bytes);
    free(search->starts);
    free(search->lengths);
    free(search->next);
    free(search);
}

byte_search *byte_search_make(const uint8_t *bytes, const size_t *lengths, size_t count) {
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (lengths[i] < BYTE_SEARCH_MINIMUM) return NULL;
        total += lengths[i];
    }
    byte_search *search = calloc(1, sizeof *search);
    if (!search) return NULL;
    search->count = count;
    search->bytes = malloc(total + 1);
    search->starts = calloc(count + 1, sizeof(size_t));
    search->lengths = calloc(count + 1, sizeof(size_t));
    search->next = calloc(count + 1, sizeof(uint32_t));
    if (!search->bytes || !search->starts || !search->lengths || !search->next) {
        byte_search_free(search);
        return NULL;
    }
    memcpy(search->bytes, bytes, total);
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        search->starts[i] = start;
        search->lengths[i] = lengths[i];
        uint32_t slot = slot_of(search->bytes + start);
        search->next[i] = search->slots[slot];
        search->slots[slot] = (uint32_t)i + 1;
        start += lengths[i];
    }
    return search;
}

void byte_search_scan(const byte_search *search, const uint8_t *text, size_t length, uint8_t *found) {
    if (length < BYTE_SEARCH_MINIMUM) return;
    const uint8_t *end = text + length;
    for (const uint8_t *at = text; at + BYTE_SEARCH_MINIMUM <= end; at++) {
        uint32_t entry = search->slots[slot_of(at)];
        while (entry) {
            size_t i = entry - 1;
            size_t wanted = search->lengths[i];
            if (wanted <= (size_t)(end - at) && memcmp(at, search->bytes + search->starts[i], wanted) == 0) found[i] = 1;
            entry = search->next[i];
        }
    }
}

int64_t byte_search_file_size(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) ? (int64_t)status.st_size : -1;
}
