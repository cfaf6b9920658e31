// What the sanitizers have to find, and what ThreadSanitizer must not take for a fault: Tests/Sanitizers/run runs each by its name, before it
// believes what they say of the mesh. The ones that are right hand a plain variable from thread to thread by the means that the mesh uses.
import Dispatch
import Glibc
import Synchronization

final class Box: @unchecked Sendable {
    var plain = 0
    init(_ plain: Int = 0) { self.plain = plain }
}

final class Guarded: Sendable {
    let value = Mutex([0])
}

let rounds = 5000
let queue = DispatchQueue(label: "canary", attributes: .concurrent)

/// Starts a thread of its own: a queue may run one after the other on one thread what it was given, and then there is no race.
func start(_ work: @escaping @Sendable () -> Void) -> pthread_t {
    final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { work in
            guard let work else { return nil }
            Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
            return nil
        }, Unmanaged.passRetained(Work(work)).toOpaque())
    precondition(status == 0)
    return thread
}

/// Runs `work` on four threads.
func together(_ work: @escaping @Sendable () -> Void) {
    for thread in (0..<4).map({ _ in start(work) }) { pthread_join(thread, nil) }
}

// MARK: - Right

func mutex() {
    let guarded = Guarded()
    together { for _ in 0..<rounds { guarded.value.withLock { $0[0] += 1 } } }
    precondition(guarded.value.withLock { $0 } == [4 * rounds])
}

/// The continuation is resumed before, while and after its task comes to wait.
func continuations() async {
    func checked(_ box: Box) async {
        await withCheckedContinuation { done in
            queue.async {
                box.plain += 1
                done.resume()
            }
        }
    }
    func unchecked(_ box: Box) async throws {
        try await withUnsafeThrowingContinuation { (done: UnsafeContinuation<Void, any Error>) in
            queue.async {
                box.plain += 1
                done.resume()
            }
        }
    }
    await withDiscardingTaskGroup { group in
        for _ in 0..<4 {
            group.addTask {
                let box = Box()
                for _ in 0..<rounds {
                    await checked(box)
                    box.plain += 1
                    try? await unchecked(box)
                    box.plain += 1
                }
                precondition(box.plain == 4 * rounds)
            }
        }
    }
}

/// Whoever finds that it holds the last reference writes, or destroys, what the others have read.
func references() {
    final class Holder: @unchecked Sendable {
        var box: Box
        init(_ box: Box) { self.box = box }
        deinit { precondition(box.plain <= rounds) }
    }
    for round in 0..<rounds {
        let all = DispatchGroup()
        let box = Box(round)
        for _ in 0..<2 {
            let holder = Holder(box)
            queue.async(group: all) {
                if isKnownUniquelyReferenced(&holder.box) { holder.box.plain = -round }
                precondition(holder.box.plain <= round)
            }
        }
        if round % 64 == 0 { all.wait() }
    }
}

/// The counts of an object that there was a weak reference to lie apart, where only the object leads to, in a way of its own.
func weakReferences() {
    weak let box = kept
    precondition(box != nil)
}

let kept = Box()

// MARK: - Wrong

/// The mutex orders what is within it, and nothing else.
func besideTheMutex() {
    let box = Box()
    let guarded = Guarded()
    together {
        for _ in 0..<rounds {
            guarded.value.withLock { $0[0] += 1 }
            box.plain += 1
        }
    }
}

/// The one who resumes goes on with what it handed over.
func afterResuming() async {
    for _ in 0..<100 {
        let box = Box()
        await withCheckedContinuation { done in
            let thread = start {
                done.resume()
                box.plain += 1
            }
            pthread_detach(thread)
        }
        box.plain += 1
    }
}

/// Several hold references, and take and give up more of them all the time; that orders nothing.
func sharedReferences() {
    let box = Box()
    together {
        for round in 0..<rounds {
            let more = [box, box]
            more[round % 2].plain += 1
        }
    }
}

func afterFree() {
    let memory = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    memory.initialize(to: 1)
    memory.deallocate()
    precondition(memory.pointee != 2)
}

@inline(never) func lose() {
    let memory = UnsafeMutablePointer<Int>.allocate(capacity: 100)
    memory.initialize(repeating: 1, count: 100)
}

func leak() {
    for _ in 0..<100 { lose() }
}

@main enum Canary {
    static func main() async {
        switch CommandLine.arguments.last {
        case "mutex": mutex()
        case "continuations": await continuations()
        case "references": references()
        case "weakReferences": weakReferences()
        case "besideTheMutex": besideTheMutex()
        case "afterResuming": await afterResuming()
        case "sharedReferences": sharedReferences()
        case "afterFree": afterFree()
        case "leak": leak()
        case let other: fatalError("no such canary: \(other ?? "")")
        }
    }
}
