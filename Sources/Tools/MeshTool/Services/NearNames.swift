/// Names that somebody may have meant.
enum NearNames {
    /// At most so many are offered.
    static let most = 3

    /// Those a few letters away from `name`, or that contain it; of names with dots the last part counts as well.
    static func of(_ name: String, among known: [String]) -> [String] {
        let ranked = known.map { ($0, distance(name, to: $0)) }.filter { $0.1 <= max(2, name.count / 3) }
        return ranked.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(most).map(\.0)
    }

    private static func distance(_ name: String, to known: String) -> Int {
        let (name, known) = (name.lowercased(), known.lowercased())
        if name.count > 2, known.contains(name) { return 1 }
        let last = known.split(separator: ".").last.map(String.init) ?? known
        let lastOfName = name.split(separator: ".").last.map(String.init) ?? name
        return min(edits(name, known), edits(lastOfName, last) + (lastOfName == name ? 0 : 1))
    }

    /// Letters to add, remove or replace (Levenshtein).
    static func edits(_ one: String, _ other: String) -> Int {
        let other = Array(other)
        var row = Array(0...other.count)
        for (index, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let replaced = diagonal + (letter == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}
