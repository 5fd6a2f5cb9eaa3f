using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "lead", worker = .lead)],
  sockets = [(name = "http", http = (), service = "lead")],
);

const lead :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "handler.cjs", commonJsModule = embed "lead/handler.cjs"),
  ],
  compatibilityDate = "2026-01-01",
);
