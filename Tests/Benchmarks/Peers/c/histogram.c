#include "histogram.h"

static unsigned shift_of(uint64_t value) {
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);
    return bits > 8 ? bits - 8 : 0;
}

void histogram_add(struct histogram *h, uint64_t nanoseconds) {
    unsigned shift = shift_of(nanoseconds);
    h->counts[shift * 128 + (nanoseconds >> shift)]++;
    h->total++;
}

static double middle(unsigned bucket) {
    unsigned shift = bucket < 256 ? 0 : bucket / 128 - 1;
    double low = (double)((uint64_t)(bucket - shift * 128) << shift);
    return low + (double)((1ull << shift) - 1) / 2;
}

double histogram_percentile(const struct histogram *h, double share) {
    uint64_t wanted = (uint64_t)(share * (double)h->total), seen = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        seen += h->counts[bucket];
        if (seen > wanted) return middle(bucket) / 1000;
    }
    return 0;
}
