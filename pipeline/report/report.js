// A button below each timeline that has a player.

for (const host of document.querySelectorAll("[data-player]")) {
  const address = host.dataset.player;
  host.append(make("button", { type: "button", class: "tool", text: "▶ Play its beginning", onclick: async () => {
    const player = await window.duologue.open(address.replace(/^.*\//, "").replace(/\.js$/, ""), address, host);
    player?.toggle.focus();
  } }));
}
