internal import Glibc

/// Curves of hit ratios against budgets as an SVG picture: a panel for each trace, a line for each
/// policy.
///
///     width   margin │ panel │ gap │ panel │ margin
///     a title above each, ratios to the left from 0 to 100 %, budgets below (logarithmic)
struct CurvePlot {
  struct Panel {
    let title: String
    /// For each policy the ratio (0...1) at each budget.
    let curves: [[Double]]
  }

  /// The budgets, as shares of all bytes.
  let budgets: [Double]
  /// The policies, in the order of the curves.
  let names: [String]
  var panels: [Panel] = []

  private static let columns = 2
  private static let panelWidth = 360.0
  private static let panelHeight = 220.0
  private static let margin = 50.0
  private static let gap = 60.0
  private static let legendHeight = 30.0
  /// Colours that are told apart without red and green, and dashes for who sees none.
  private static let strokes = [
    "stroke=\"#0072b2\"", "stroke=\"#d55e00\" stroke-dasharray=\"7 3\"",
    "stroke=\"#009e73\" stroke-dasharray=\"2 3\"",
    "stroke=\"#777777\" stroke-dasharray=\"9 3 2 3\"",
  ]

  init(budgets: [Double], names: [String]) {
    self.budgets = budgets
    self.names = names
  }

  /// The whole picture.
  var text: String {
    let rows = (panels.count + Self.columns - 1) / Self.columns
    let width = 2 * Self.margin + Double(Self.columns) * (Self.panelWidth + Self.gap) - Self.gap
    let height =
      Self.legendHeight + Self.margin + Double(rows) * (Self.panelHeight + Self.gap)
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Self.number(width)) "
        + "\(Self.number(height))\" font-family=\"sans-serif\" font-size=\"12\">",
      "<title>Hit ratio against budget: \(names.joined(separator: ", "))</title>",
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
    ]
    lines += legend
    for (index, panel) in panels.enumerated() {
      let x =
        Self.margin + Double(index % Self.columns) * (Self.panelWidth + Self.gap)
      let y =
        Self.legendHeight + Self.margin
        + Double(index / Self.columns) * (Self.panelHeight + Self.gap)
      lines.append("<g transform=\"translate(\(Self.number(x)) \(Self.number(y)))\">")
      lines += axes(panel.title)
      for (place, curve) in panel.curves.enumerated() { lines += line(curve, at: place) }
      lines.append("</g>")
    }
    lines.append("</svg>")
    return lines.joined(separator: "\n") + "\n"
  }

  private var legend: [String] {
    names.enumerated().flatMap { place, name in
      let x = Self.margin + Double(place) * 150
      return [
        "<path d=\"M\(Self.number(x)) 25h30\" fill=\"none\" stroke-width=\"2\" "
          + "\(Self.stroke(place))/>",
        "<text x=\"\(Self.number(x + 38))\" y=\"29\">\(name)</text>",
      ]
    }
  }

  private func axes(_ title: String) -> [String] {
    let width = Self.number(Self.panelWidth)
    let height = Self.number(Self.panelHeight)
    var lines = [
      "<text x=\"0\" y=\"-10\" font-weight=\"bold\">\(title)</text>",
      "<path d=\"M0 0v\(height)h\(width)\" fill=\"none\" stroke=\"#000000\"/>",
    ]
    for percent in stride(from: 0, through: 100, by: 25) {
      let y = Self.number(self.y(Double(percent) / 100))
      lines.append("<path d=\"M0 \(y)h\(width)\" stroke=\"#dddddd\"/>")
      lines.append("<text x=\"-6\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">\(percent)</text>")
    }
    for budget in budgets {
      let x = Self.number(self.x(budget))
      lines.append("<path d=\"M\(x) \(height)v4\" stroke=\"#000000\"/>")
      lines.append(
        "<text x=\"\(x)\" y=\"\(Self.number(Self.panelHeight + 17))\" text-anchor=\"middle\">"
          + "\(Self.number(budget * 100))</text>")
    }
    return lines
  }

  private func line(_ curve: [Double], at place: Int) -> [String] {
    let points = zip(budgets, curve).map { budget, ratio in
      "\(Self.number(x(budget))) \(Self.number(y(ratio)))"
    }
    return [
      "<path d=\"M\(points.joined(separator: "L"))\" fill=\"none\" stroke-width=\"2\" "
        + "\(Self.stroke(place))/>"
    ]
  }

  private func x(_ budget: Double) -> Double {
    guard let first = budgets.first, let last = budgets.last, last > first else { return 0 }
    return Self.panelWidth * log(budget / first) / log(last / first)
  }

  private func y(_ ratio: Double) -> Double { Self.panelHeight * (1 - min(max(ratio, 0), 1)) }

  private static func stroke(_ place: Int) -> String { strokes[place % strokes.count] }

  /// With one digit after the point, and none where that is 0.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0
      ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  /// Writes the picture to a file; false where that cannot be.
  func write(to path: String) -> Bool {
    guard let file = unsafe fopen(path, "w") else { return false }
    let isWritten = unsafe fputs(text, file) >= 0
    return unsafe fclose(file) == 0 && isWritten
  }
}
