extension [UInt8] {
    /// So many bytes, written once.
    ///
    /// - Parameter write: writes them all.
    package init(byteCount: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        guard byteCount > 0 else {
            // Of no bytes there is one array in the process, whose count the standard library would write although it stays: a race between threads.
            self = []
            return
        }
        self.init(unsafeUninitializedCapacity: byteCount) { memory, count in
            write(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(memory)[..<byteCount]))
            count = byteCount
        }
    }
}
