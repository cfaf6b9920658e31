// Times in nanoseconds, in buckets at most 1/128 wide of their value.
#pragma once
#include <array>
#include <cstdint>

class Histogram {
public:
    void add(uint64_t value) {
        unsigned bits = 64 - __builtin_clzll(value | 1), shift = bits > 8 ? bits - 8 : 0;
        counts_[shift * 128 + (value >> shift)]++;
        total_++;
    }

    // The middle of the bucket below which `share` of the values are, in microseconds; 0 when there are none.
    double percentile(double share) const {
        uint64_t wanted = static_cast<uint64_t>(share * total_), seen = 0;
        for (unsigned bucket = 0; bucket < counts_.size(); bucket++) {
            if ((seen += counts_[bucket]) > wanted) return middle(bucket) / 1000;
        }
        return 0;
    }

private:
    static double middle(unsigned bucket) {
        unsigned shift = bucket < 256 ? 0 : bucket / 128 - 1;
        return static_cast<double>(static_cast<uint64_t>(bucket - shift * 128) << shift) + ((1ull << shift) - 1) / 2.0;
    }

    std::array<uint64_t, 128 * 58> counts_{};
    uint64_t total_ = 0;
};
