package load

import (
	"math/bits"
	"time"
)

// Histogram holds times in buckets at most 1/128 wide of their value.
type Histogram struct {
	counts [128 * 58]uint64
	total  uint64
}

func (h *Histogram) add(d time.Duration) {
	value, shift := uint64(d), 0
	if n := bits.Len64(value); n > 8 {
		shift = n - 8
	}
	h.counts[uint64(shift*128)+value>>shift]++
	h.total++
}

func (h *Histogram) merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
}

func middle(bucket int) float64 {
	shift := 0
	if bucket >= 256 {
		shift = bucket/128 - 1
	}
	return float64(uint64(bucket-shift*128)<<shift) + float64(uint64(1)<<shift-1)/2
}

// percentile is in microseconds; 0 when there are no times.
func (h *Histogram) percentile(share float64) float64 {
	wanted, seen := uint64(share*float64(h.total)), uint64(0)
	for bucket, n := range h.counts {
		if seen += n; seen > wanted {
			return middle(bucket) / 1000
		}
	}
	return 0
}
