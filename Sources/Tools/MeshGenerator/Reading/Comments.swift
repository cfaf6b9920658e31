internal import CPluginMessages

/// The comments of one file by the path of what they stand at.
struct Comments {
    private var texts: [[Int32]: String] = [:]

    init(_ info: UnsafePointer<Mesh__Plugin__SourceCodeInfo>?) {
        guard let info else { return }
        for location in CRead.messages(info.pointee.location, info.pointee.n_location) {
            let leading = CRead.string(location.pointee.leading_comments)
            let text = leading.isEmpty ? CRead.string(location.pointee.trailing_comments) : leading
            guard !text.isEmpty else { continue }
            texts[(0..<location.pointee.n_path).map { location.pointee.path[$0] }] = text
        }
    }

    /// As written, without the `//`; empty if there is none.
    subscript(path: [Int32]) -> String {
        texts[path] ?? ""
    }
}
