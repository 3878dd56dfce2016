/* Draws figure[data-chart] with ECharts. Reads its JSON from the page (or data-url), never evaluates text, sets no style
   attribute in markup; tooltips are drawn on the canvas (renderMode richText). The same key has the same colour, line and
   mark everywhere; series are named at their ends, so nobody hunts in a legend. Without this file the table remains. */
"use strict";
(() => {
  if (!window.echarts) return;
  const looks = {
    received: { colour: "#12407a", line: "solid", mark: "circle" },
    solved: { colour: "#2878b8", line: "solid", mark: "rect" },
    on_time_solved: { colour: "#0b6e6e", line: "solid", mark: "diamond" },
    on_time_received: { colour: "#6a4c9c", line: "dashed", mark: "triangle" },
    overdue: { colour: "#a8201a", line: "solid", mark: "triangle" },
    early: { colour: "#3f8f8f", line: "dotted", mark: "circle" },
    online: { colour: "#2878b8", line: "dashed", mark: "circle" },
    direct: { colour: "#12407a", line: "solid", mark: "rect" },
    postal: { colour: "#7a6a3a", line: "dotted", mark: "diamond" },
  };
  const spare = ["#12407a", "#0b6e6e", "#6a4c9c", "#7a6a3a", "#2878b8"];
  const words = JSON.parse(document.getElementById("words")?.textContent || "{}");
  const locale = document.documentElement.lang === "en" ? "en" : "vi";
  const font = '"Segoe UI", "Noto Sans", sans-serif';
  const ink = "#47586f";

  const write = (unit, digits) => {
    const number = new Intl.NumberFormat(locale, unit === "percent" ? { minimumFractionDigits: digits, maximumFractionDigits: digits } : { maximumFractionDigits: digits });
    return (value) => (value === null || value === undefined ? "–" : unit === "percent" ? `${number.format(value * 100)}\u00a0%` : number.format(value));
  };
  const lookOf = (series, index) => looks[series.key] || { colour: spare[index % spare.length], line: "solid", mark: "circle" };

  const lineSeries = (data, unit, narrow) => data.series.map((series, index) => {
    const look = lookOf(series, index);
    return {
      type: "line", name: series.name, data: series.values, symbol: look.mark, symbolSize: 7, showSymbol: data.labels.length <= 31, connectNulls: false,
      color: look.colour, lineStyle: { width: 2.4, type: look.line }, labelLayout: { moveOverlap: "shiftY" },
      endLabel: { show: !narrow, formatter: series.name, color: look.colour, fontWeight: 600, fontFamily: font, distance: 8, width: 150, overflow: "break", lineHeight: 17 },
      markLine: index === 0 && typeof data.target === "number" ? {
        silent: true, symbol: "none", animation: false, lineStyle: { color: "#16263b", type: "dashed", width: 1.2 }, data: [{ yAxis: data.target }],
        label: { position: "insideStartTop", color: "#16263b", fontFamily: font, formatter: `${words.target || ""} ${write(unit, 0)(data.target)}` },
      } : undefined,
    };
  });
  const barSeries = (data, unit) => data.series.map((series, index) => ({
    type: "bar", name: series.name, data: series.values, color: lookOf(series, index).colour, barMaxWidth: 22,
    label: { show: true, position: "right", color: "#16263b", fontFamily: font, formatter: (point) => (data.series.length > 1 ? `${series.name} ` : "") + write(unit, unit === "percent" ? 2 : 0)(point.value) },
  }));

  const optionOf = (data, unit, width) => {
    const narrow = width < 560;
    const bars = data.kind === "bar";
    const exact = write(unit, unit === "percent" ? 2 : 0);
    const categories = { type: "category", data: data.labels, inverse: bars, axisTick: { show: false }, axisLine: { lineStyle: { color: "#aab6c6" } }, axisLabel: { color: ink, fontFamily: font, hideOverlap: true } };
    const values = { type: "value", scale: unit === "percent", max: unit === "percent" && !bars ? (range) => (range.max > 0.985 ? 1 : null) : undefined, splitNumber: 4, splitLine: { lineStyle: { color: "#e7ecf3" } }, axisLabel: { color: ink, fontFamily: font, formatter: write(unit, unit === "percent" ? 1 : 0), hideOverlap: true } };
    return {
      animation: false,
      textStyle: { fontFamily: font, fontSize: 13, color: ink },
      grid: { left: 12, right: bars ? (narrow ? 64 : 120) : narrow ? 16 : 170, top: narrow && !bars ? 16 + 24 * data.series.length : 16, bottom: 10, containLabel: true },
      legend: narrow && !bars ? { show: true, orient: "vertical", top: 0, left: 8, itemGap: 6, textStyle: { fontFamily: font, color: "#16263b" } } : { show: false },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: "#fff", borderColor: "#9dafc6", textStyle: { color: "#16263b", fontFamily: font, fontSize: 13 }, axisPointer: { type: bars ? "shadow" : "line" }, valueFormatter: exact },
      xAxis: bars ? values : { ...categories, boundaryGap: false, axisLabel: { color: ink, fontFamily: font, hideOverlap: true, alignMinLabel: "left", alignMaxLabel: "right", margin: 10 } },
      yAxis: bars ? categories : values,
      series: bars ? barSeries(data, unit) : lineSeries(data, unit, narrow),
    };
  };

  const save = (name, blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const csvOf = (data) => {
    const quote = (text) => (/[",\n]/.test(String(text)) ? `"${String(text).replaceAll('"', '""')}"` : String(text));
    const rows = [[data.axis || words.period || "", ...data.series.map((series) => series.name)], ...data.labels.map((label, at) => [label, ...data.series.map((series) => series.values[at] ?? "")])];
    return "\ufeff" + rows.map((row) => row.map(quote).join(",")).join("\r\n") + "\r\n";
  };
  const pngOf = (plot, then) => {
    const source = plot.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: "#fff" });
    const bytes = Uint8Array.from(atob(source.split(",")[1]), (letter) => letter.charCodeAt(0));
    then(new Blob([bytes], { type: "image/png" }));
  };

  const draw = async (figure) => {
    if (figure.dataset.drawn) return;
    figure.dataset.drawn = "yes";
    const place = figure.querySelector("[data-chart-plot]");
    let data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    if (figure.dataset.url) {
      try { data = await (await fetch(figure.dataset.url, { credentials: "same-origin" })).json(); }
      catch { place.textContent = words.unloaded || ""; return; }
    }
    const unit = figure.dataset.unit;
    const plot = window.echarts.init(place, null, { renderer: "canvas" });
    const paint = () => { plot.resize(); plot.setOption(optionOf(data, unit, place.clientWidth), true); };
    paint();
    new ResizeObserver(paint).observe(place);
    if (data.links) {
      plot.on("click", (point) => { if (data.links[point.dataIndex]) window.location.assign(data.links[point.dataIndex]); });
    }
    figure.querySelector("[data-chart-tools]").hidden = false;
    figure.querySelector("[data-chart-png]").addEventListener("click", () => pngOf(plot, (blob) => save(`${figure.dataset.name}.png`, blob)));
    figure.querySelector("[data-chart-csv]").addEventListener("click", () => save(`${figure.dataset.name}.csv`, new Blob([csvOf(data)], { type: "text/csv;charset=utf-8" })));
  };
  const drawAll = (root) => { for (const figure of root.querySelectorAll("figure[data-chart]")) draw(figure); };
  document.addEventListener("htmx:afterSwap", (event) => drawAll(event.target));
  drawAll(document);
})();
