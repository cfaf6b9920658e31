import Foundation

/// libFuzzer over one of the mesh's parsers or state machines: `MeshFuzz TARGET [libFuzzer's options] [corpus]`. See Tests/Fuzz/run.
@main
struct MeshFuzz {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 1, let target = FuzzTarget(rawValue: arguments[1]) else {
            print("usage: MeshFuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [libFuzzer's options] [corpus]")
            exit(2)
        }
        selected = target
        // libFuzzer reads the names of targets nowhere: it gets the rest.
        var rest = ([arguments[0]] + arguments.dropFirst(2)).map { strdup($0) } + [nil]
        var count = Int32(rest.count - 1)
        rest.withUnsafeMutableBufferPointer { buffer in
            var vector = buffer.baseAddress
            exit(runDriver(&count, &vector, { bytes, size in MeshFuzz.run(UnsafeRawBufferPointer(start: bytes, count: size)) }))
        }
    }

    // Written before the only thread that reads it begins.
    nonisolated(unsafe) private static var selected = FuzzTarget.frames

    private static func run(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        selected.run(bytes)
        return 0
    }
}

/// libFuzzer's loop (llvm/Fuzzer/FuzzerInterface.h). Its arguments are the same in Swift's and in C's calling convention.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32
