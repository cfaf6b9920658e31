package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

// Messages of the measurement.
const (
	Payload = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	Name    = "abcdefghijklmnopqrstuvwxyz"
)

// Calls before the measured time: not in the rate and the times, but in the total.
const warmUp = 500 * time.Millisecond

// Conn is one connection.
type Conn interface {
	// Caller makes what one goroutine calls again and again.
	Caller() func(context.Context) error
	// Stream starts an endless stream and returns what takes its next message.
	Stream(context.Context) (func() error, error)
}

// NoStreams is what Stream returns when the library has none.
var NoStreams = errors.New("this library has no streams")

type results struct {
	times                   Histogram
	measured, total, errors uint64
}

func (r *results) merge(other *results) {
	r.times.merge(&other.times)
	r.measured += other.measured
	r.total += other.total
	r.errors += other.errors
}

// Run makes the load and prints the result.
func Run(o Options, dial func() (Conn, error)) {
	runtime.GOMAXPROCS(1)
	connections := make([]Conn, o.Connections)
	for i := range connections {
		var err error
		if connections[i], err = dial(); err != nil {
			Fail(err)
		}
		if o.Mode == "idle" {
			once(connections[i])
		}
	}
	switch o.Mode {
	case "unary":
		report(o, unary(o, connections))
	case "stream":
		report(o, stream(o, connections[0]))
	case "idle":
		fmt.Println(`{"ready":true}`)
		time.Sleep(o.Duration)
	default:
		refuse("--mode is unary, stream or idle")
	}
}

func once(c Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.Caller()(ctx); err != nil {
		Fail(err)
	}
}

// One deadline for the whole run: it goes over the wire with each call, but costs the client no timer for each.
func wholeRun(o Options) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), warmUp+o.Duration+10*time.Second)
}

func unary(o Options, connections []Conn) *results {
	ctx, cancel := wholeRun(o)
	defer cancel()
	from := time.Now().Add(warmUp)
	to := from.Add(o.Duration)
	each := make([]results, o.InFlight)
	var running sync.WaitGroup
	for i := range each {
		running.Add(1)
		go func(r *results, call func(context.Context) error) {
			defer running.Done()
			r.callUntil(ctx, call, from, to)
		}(&each[i], connections[i%len(connections)].Caller())
	}
	running.Wait()
	for i := range each[1:] {
		each[0].merge(&each[i+1])
	}
	return &each[0]
}

func (r *results) callUntil(ctx context.Context, call func(context.Context) error, from, to time.Time) {
	for began := time.Now(); began.Before(to); {
		if err := call(ctx); err != nil {
			if r.errors++; r.errors > 100 {
				fmt.Fprintln(os.Stderr, "the last error:", err)
				return
			}
		}
		ended := time.Now()
		r.total++
		if !ended.Before(from) && ended.Before(to) {
			r.measured++
			r.times.add(ended.Sub(began))
		}
		began = ended
	}
}

func stream(o Options, c Conn) *results {
	ctx, cancel := wholeRun(o)
	defer cancel()
	r := &results{}
	next, err := c.Stream(ctx)
	if err != nil {
		Fail(err)
	}
	from := time.Now().Add(warmUp)
	for to := from.Add(o.Duration); ; {
		if err := next(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			r.errors++
			return r
		}
		r.total++
		now := time.Now()
		if now.After(to) {
			return r
		}
		if now.After(from) {
			r.measured++
		}
	}
}

func report(o Options, r *results) {
	t := &r.times
	fmt.Printf(
		"{\"rps\":%.1f,\"p50_us\":%.2f,\"p99_us\":%.2f,\"p999_us\":%.2f,\"errors\":%d,\"total\":%d}\n", float64(r.measured)/o.Duration.Seconds(),
		t.percentile(0.5), t.percentile(0.99), t.percentile(0.999), r.errors, r.total)
	if r.errors > 0 || r.measured == 0 {
		os.Exit(1)
	}
}
