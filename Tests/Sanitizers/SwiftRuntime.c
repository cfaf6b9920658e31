// What ThreadSanitizer has to be told of the Swift runtime. The runtime's libraries are not built for it: where one of their operations orders
// two threads the sanitizer sees nothing of it, and takes for a race what one of them handed to the other. Loaded before those libraries
// (LD_PRELOAD) this takes the place of the operations concerned, does what they do by calling them, and tells what they order: no more, since
// a race between threads that are said to be in order is never found.
//
// The concurrency runtime tells the sanitizer most of its part itself (libswiftCore's __tsan_on_initialize): jobs that are queued and run,
// the results of tasks, groups, actors, cancellation. Missing in Swift 6.3 are
//
//   Mutex             the fast path is inlined, and so instrumented; waiting and waking are calls into libswiftSynchronization
//   continuations     resuming one releases its task, but a task that is resumed before it has come to wait goes on without acquiring
//   reference counts  whoever gives up the last reference but one hands the object to the holder of the last
//
// Where there is no sanitizer in the process everything is only passed on. It must not be built with -fsanitize=thread.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define WEAK __attribute__((weak))
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define ASYNC __attribute__((swiftasynccall))
#define ASYNC_CONTEXT __attribute__((swift_async_context))

extern void __tsan_acquire(void *) WEAK;
extern void __tsan_release(void *) WEAK;

static void acquire(void *what) {
    if (__tsan_acquire) __tsan_acquire(what);
}

static void release(void *what) {
    if (__tsan_release) __tsan_release(what);
}

/// The runtime's own function, where this file defines one of the same name.
static void *runtimes(const char *symbol) {
    void *found = dlsym(RTLD_NEXT, symbol);
    if (!found) abort();
    return found;
}

// MARK: - Synchronization.Mutex, by the address of its handle

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lockSlow(uint32_t thread, SELF void *handle) __asm__(LOCK);
SWIFT bool tryLockSlow(SELF void *handle) __asm__(TRY_LOCK);
SWIFT void unlockSlow(SELF void *handle) __asm__(UNLOCK);

SWIFT void lockSlow(uint32_t thread, SELF void *handle) {
    static SWIFT void (*next)(uint32_t, SELF void *);
    if (!next) next = runtimes(LOCK);
    next(thread, handle);
    acquire(handle);
}

SWIFT bool tryLockSlow(SELF void *handle) {
    static SWIFT bool (*next)(SELF void *);
    if (!next) next = runtimes(TRY_LOCK);
    bool isLocked = next(handle);
    if (isLocked) acquire(handle);
    return isLocked;
}

SWIFT void unlockSlow(SELF void *handle) {
    static SWIFT void (*next)(SELF void *);
    if (!next) next = runtimes(UNLOCK);
    release(handle);
    next(handle);
}

// MARK: - Continuations, by the address of the task

/// How every async context begins.
struct context {
    void *parent;
    ASYNC void (*resume)(ASYNC_CONTEXT struct context *);
};

extern SWIFT void *swift_task_getCurrent(void);

/// What the await of this thread goes on with if it need not wait.
static __thread ASYNC void (*following)(ASYNC_CONTEXT struct context *);

ASYNC static void resumedBefore(ASYNC_CONTEXT struct context *context) {
    context->resume = following;
    acquire(swift_task_getCurrent());
    __attribute__((musttail)) return context->resume(context);
}

/// The runtime calls what the context says only if it finds, at whatever moment of its await, that the continuation was resumed already.
/// A task that waits goes on with what was noted when the continuation was made, as a job, and running a job acquires.
ASYNC void swift_continuation_await(struct context *context) {
    static ASYNC void (*next)(struct context *);
    if (!next) next = runtimes("swift_continuation_await");
    following = context->resume;
    context->resume = resumedBefore;
    __attribute__((musttail)) return next(context);
}

// MARK: - Reference counts, by the address of the object

extern size_t swift_retainCount(void *object);

/// One strong reference, in the word after the object's type. Taking the last one away, or one of an object whose counts stand in a table
/// of its own (somebody has a weak reference to it), makes the word negative.
static const int64_t reference = (int64_t)1 << 33;

void swift_release(void *object) {
    static void (*next)(void *);
    if (!next) next = runtimes("swift_release");
    if (!__tsan_release || (intptr_t)object <= 0) return next(object);
    int64_t *word = (int64_t *)object + 1;
    int64_t counts = __atomic_load_n(word, __ATOMIC_RELAXED);
    if ((int32_t)counts == -1) return next(object);  // Immortal: nobody ever has the last reference.
    if (counts - reference >= 0) {
        release(object);
        // As the runtime does it, since what it did cannot be asked afterwards: whether it was the last one.
        do {
            if (__atomic_compare_exchange_n(word, &counts, counts - reference, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) return;
        } while (counts - reference >= 0);
    }
    if (swift_retainCount(object) == 1) acquire(object);
    else release(object);
    next(object);
}

void swift_release_n(void *object, uint32_t count) {
    static void (*next)(void *, uint32_t);
    if (!next) next = runtimes("swift_release_n");
    if ((intptr_t)object > 0) {
        release(object);
        if (swift_retainCount(object) == count) acquire(object);
    }
    next(object, count);
}

#define IS_UNIQUE "$ss25isKnownUniquelyReferencedySbxzRlzClF"
#define IS_UNIQUE_OPTIONAL "$ss25isKnownUniquelyReferencedySbxSgzRlzClF"
#define IS_UNIQUE_BUFFER "$ss20ManagedBufferPointerV17isUniqueReferenceSbyF"

SWIFT bool isUnique(void **object, void *type) __asm__(IS_UNIQUE);
SWIFT bool isUniqueOptional(void **object, void *type) __asm__(IS_UNIQUE_OPTIONAL);
SWIFT bool isUniqueBuffer(void *type, SELF void **object) __asm__(IS_UNIQUE_BUFFER);

SWIFT bool isUnique(void **object, void *type) {
    static SWIFT bool (*next)(void **, void *);
    if (!next) next = runtimes(IS_UNIQUE);
    bool isOnly = next(object, type);
    if (isOnly) acquire(*object);
    return isOnly;
}

SWIFT bool isUniqueOptional(void **object, void *type) {
    static SWIFT bool (*next)(void **, void *);
    if (!next) next = runtimes(IS_UNIQUE_OPTIONAL);
    bool isOnly = next(object, type);
    if (isOnly) acquire(*object);
    return isOnly;
}

SWIFT bool isUniqueBuffer(void *type, SELF void **object) {
    static SWIFT bool (*next)(void *, SELF void **);
    if (!next) next = runtimes(IS_UNIQUE_BUFFER);
    bool isOnly = next(type, object);
    if (isOnly) acquire(*object);
    return isOnly;
}
