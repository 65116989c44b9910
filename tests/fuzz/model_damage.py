"""Ways to damage a SavedModel folder, by kind; each takes the folder and a seeded source of chance."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2

Damage = Callable[[Path, random.Random], None]
ProtoDamage = Callable[[Any, random.Random], None]

ODD_NAMES = (
    "", " ", "\x1b[2J\x1b]0;title\x07", "a" * 70_000, "nul\x00nul", "\u202egpj.exe", "line\nbreak", "../../up",
    "/etc/passwd", ":0", "^c", "a:b:c", "class", "\U0001f600", "\u2028", "%s{}", "[red]x[/]", "x" * 255, "a/" * 2_000,
    "\x9b31m", "//",
)  # fmt: skip
ODD_NUMBERS = (-1, 0, 1, -2, 7, 1 << 31, (1 << 63) - 1, -(1 << 63), 1 << 40)


def proto_file(model: Path) -> Path:
    return next(file for file in (model / "saved_model.pb", model / "saved_model.pbtxt") if file.exists())


def on_proto(change: ProtoDamage) -> Damage:
    """Make a change of the SavedModel proto one of the folder."""

    def damage(model: Path, chance: random.Random) -> None:
        file = proto_file(model)
        proto = saved_model_pb2.SavedModel()
        if file.suffix == ".pb":
            proto.ParseFromString(file.read_bytes())
        else:
            text_format.Parse(file.read_text(encoding="utf-8"), proto)
        change(chance.choice(proto.meta_graphs), chance)
        (model / "saved_model.pb").write_bytes(proto.SerializeToString())

    return damage


def any_node(graph: Any, chance: random.Random) -> Any:
    bodies = [graph.graph_def.node, *(one.node_def for one in graph.graph_def.library.function if one.node_def)]
    return chance.choice(bodies[0] if chance.random() < 0.8 else chance.choice(bodies))


def node_with_inputs(graph: Any, chance: random.Random) -> Any:
    return chance.choice([node for node in graph.graph_def.node if node.input])


# The bytes of the proto.


def flip_bytes(model: Path, chance: random.Random) -> None:
    flip(proto_file(model), chance)


def flip(file: Path, chance: random.Random) -> None:
    data = bytearray(file.read_bytes())
    for _ in range(chance.choice((1, 1, 3, 20))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(bytes(data))


def cut(file: Path, chance: random.Random) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: chance.randrange(len(data) + 1)])


def cut_proto(model: Path, chance: random.Random) -> None:
    cut(proto_file(model), chance)


def grow_proto(model: Path, chance: random.Random) -> None:
    with proto_file(model).open("ab") as file:
        file.write(chance.choice((b"\0" * 100, b"\xff" * 20, chance.randbytes(500), file.name.encode())))


def sparse_proto(model: Path, chance: random.Random) -> None:
    os.truncate(proto_file(model), chance.choice((1 << 32, 1 << 34)))


# Nodes and edges.


def swap_nodes(graph: Any, chance: random.Random) -> None:
    one, other = any_node(graph, chance), any_node(graph, chance)
    one.op, other.op = other.op, one.op


def same_name(graph: Any, chance: random.Random) -> None:
    any_node(graph, chance).name = any_node(graph, chance).name


def remove_node(graph: Any, chance: random.Random) -> None:
    del graph.graph_def.node[chance.randrange(len(graph.graph_def.node))]


def other_op(graph: Any, chance: random.Random) -> None:
    ops = ("Identity", "NoOp", "Const", "While", "PartitionedCall", "RestoreV2", "Case", "HashTableV2", "VarHandleOp",
           "Placeholder", "Merge", "NextIteration", "QueueDequeueV2", "MyOp", "Assign", "")  # fmt: skip
    any_node(graph, chance).op = chance.choice(ops)


def cycle(graph: Any, chance: random.Random) -> None:
    node = node_with_inputs(graph, chance)
    target = node if chance.random() < 0.3 else any_node(graph, chance)
    node.input[0] = chance.choice(("", "^")) + target.name


def control_cycle(graph: Any, chance: random.Random) -> None:
    any_node(graph, chance).input.append(f"^{any_node(graph, chance).name}")


def odd_edge(graph: Any, chance: random.Random) -> None:
    node = node_with_inputs(graph, chance)
    node.input[chance.randrange(len(node.input))] = chance.choice((*ODD_NAMES, f"{node.name}:99", "x:-1", "x:y"))


def drop_inputs(graph: Any, chance: random.Random) -> None:
    node = node_with_inputs(graph, chance)
    del node.input[chance.randrange(len(node.input)) :]


def more_inputs(graph: Any, chance: random.Random) -> None:
    any_node(graph, chance).input.extend([any_node(graph, chance).name] * chance.choice((1, 100)))


def odd_attribute(graph: Any, chance: random.Random) -> None:
    node = any_node(graph, chance)
    name = chance.choice([*node.attr, "N", "T", "dtype", "shape", "f", "shared_name", "_class"])
    value = node.attr[name]
    match chance.randrange(7):
        case 0:
            value.type = chance.choice((0, 1, 2, 7, 20, 21, 101, 9999))
        case 1:
            value.i = chance.choice(ODD_NUMBERS)
        case 2:
            value.s = chance.choice((b"", b"\xff\xfe", b"x" * 1000, b"file:///etc/passwd"))
        case 3:
            value.shape.dim.add(size=chance.choice(ODD_NUMBERS))
        case 4:
            value.func.name = chance.choice(
                ("", "nowhere", *(f.signature.name for f in graph.graph_def.library.function))
            )
        case 5:
            value.list.type.extend([1, 9999])
        case _:
            del node.attr[name]


def odd_shape(graph: Any, chance: random.Random) -> None:
    found = [value.shape for node in graph.graph_def.node for value in node.attr.values() if value.HasField("shape")]
    shape = chance.choice(found) if found else graph.graph_def.node[0].attr["shape"].shape
    if chance.random() < 0.3:
        shape.unknown_rank = True
    del shape.dim[:]
    for _ in range(chance.choice((0, 1, 2, 300))):
        shape.dim.add(size=chance.choice(ODD_NUMBERS))


def odd_constant(graph: Any, chance: random.Random) -> None:
    found = [node for node in graph.graph_def.node if node.op == "Const"] or [graph.graph_def.node[0]]
    tensor = chance.choice(found).attr["value"].tensor
    match chance.randrange(5):
        case 0:
            del tensor.tensor_shape.dim[:]
            tensor.tensor_shape.dim.add(size=chance.choice((*ODD_NUMBERS, 1 << 33, 1 << 29)))
        case 1:
            tensor.dtype = chance.choice((0, 1, 3, 7, 9, 20, 9999))
        case 2:
            tensor.tensor_content = chance.randbytes(chance.choice((1, 4, 1000)))
        case 3:
            del tensor.string_val[:]
            tensor.string_val.extend([b"\xff\xfe", b""])
        case _:
            for dimension in tensor.tensor_shape.dim:
                dimension.size = chance.choice(ODD_NUMBERS)


def recursive_function(graph: Any, chance: random.Random) -> None:
    functions = graph.graph_def.library.function
    body = chance.choice(functions) if functions else functions.add()
    body.signature.name = body.signature.name or "made_up"
    call = body.node_def.add(name="again", op="PartitionedCall")
    call.attr["f"].func.name = body.signature.name
    call.attr["Tin"].list.SetInParent()
    call.attr["Tout"].list.SetInParent()
    outer = graph.graph_def.node.add(name="made_up_call")
    outer.CopyFrom(call)
    outer.name = "made_up_call"
    node_with_inputs(graph, chance).input.append("^made_up_call")


def odd_gradient(graph: Any, chance: random.Random) -> None:
    names = [function.signature.name for function in graph.graph_def.library.function] or ["f"]
    graph.graph_def.library.gradient.add(function_name=chance.choice(names), gradient_func=chance.choice(names))


# Names.


def odd_node_name(graph: Any, chance: random.Random) -> None:
    any_node(graph, chance).name = chance.choice(ODD_NAMES)


def odd_op_name(graph: Any, chance: random.Random) -> None:
    any_node(graph, chance).op = chance.choice(ODD_NAMES)


def odd_tag(graph: Any, chance: random.Random) -> None:
    graph.meta_info_def.tags.append(chance.choice(ODD_NAMES))


def odd_version(graph: Any, chance: random.Random) -> None:
    graph.meta_info_def.tensorflow_version = chance.choice(ODD_NAMES)
    graph.graph_def.versions.producer = chance.choice((0, 1, -5, 1 << 30))


def odd_signature_key(graph: Any, chance: random.Random) -> None:
    for key in list(graph.signature_def)[:1]:
        graph.signature_def[chance.choice(ODD_NAMES)].CopyFrom(graph.signature_def[key])


def signature_of(graph: Any, chance: random.Random) -> Any:
    return graph.signature_def[chance.choice(sorted(graph.signature_def) or ["x"])]


def odd_tensor_key(graph: Any, chance: random.Random) -> None:
    side = chance.choice(("inputs", "outputs"))
    infos = getattr(signature_of(graph, chance), side)
    for key in list(infos)[:1]:
        infos[chance.choice(ODD_NAMES)].CopyFrom(infos[key])


def odd_tensor_info(graph: Any, chance: random.Random) -> None:
    infos = getattr(signature_of(graph, chance), chance.choice(("inputs", "outputs")))
    info = infos[chance.choice(sorted(infos) or ["x"])]
    match chance.randrange(4):
        case 0:
            info.name = chance.choice((*ODD_NAMES, f"{any_node(graph, chance).name}:{chance.randrange(3)}"))
        case 1:
            info.dtype = chance.choice((0, 1, 7, 20, 9999))
        case 2:
            info.tensor_shape.dim.add(size=chance.choice(ODD_NUMBERS))
        case _:
            info.coo_sparse.values_tensor_name = chance.choice(ODD_NAMES)


def odd_method(graph: Any, chance: random.Random) -> None:
    signature_of(graph, chance).method_name = chance.choice(ODD_NAMES)


# Collections, saver, assets.


def bad_collection(graph: Any, chance: random.Random) -> None:
    names = ("variables", "trainable_variables", "saved_model_assets", "table_initializer", "saved_model_main_op")
    collection = graph.collection_def[chance.choice(names)]
    match chance.randrange(4):
        case 0:
            collection.bytes_list.value.append(chance.randbytes(40))
        case 1:
            collection.node_list.value.append(chance.choice((*ODD_NAMES, any_node(graph, chance).name)))
        case 2:
            collection.any_list.value.add(type_url=chance.choice(ODD_NAMES), value=chance.randbytes(9))
        case _:
            collection.int64_list.value.append(1)


def odd_init_op(graph: Any, chance: random.Random) -> None:
    key = "__saved_model_init_op"
    name = chance.choice((*ODD_NAMES, any_node(graph, chance).name))
    graph.signature_def[key].outputs[chance.choice((key, "other"))].name = name


def odd_saver(graph: Any, chance: random.Random) -> None:
    saver = graph.saver_def
    field = chance.choice(("restore_op_name", "filename_tensor_name", "save_tensor_name"))
    setattr(saver, field, chance.choice((*ODD_NAMES, any_node(graph, chance).name)))
    saver.version = chance.choice((0, 1, 2, 77))


def no_saver(graph: Any, _: random.Random) -> None:
    graph.ClearField("saver_def")


def odd_asset(graph: Any, chance: random.Random) -> None:
    asset = graph.asset_file_def.add()
    asset.filename = chance.choice((*ODD_NAMES, "x" * 256, "saved_model.pb"))
    asset.tensor_info.name = chance.choice((*ODD_NAMES, f"{any_node(graph, chance).name}:0"))


# Text form.


def as_text(model: Path) -> Path:
    file = proto_file(model)
    if file.suffix == ".pb":
        proto = saved_model_pb2.SavedModel.FromString(file.read_bytes())
        file.unlink()
        file = model / "saved_model.pbtxt"
        file.write_text(text_format.MessageToString(proto), encoding="utf-8")
    return file


def text_form(model: Path, chance: random.Random) -> None:
    file = as_text(model)
    chance.choice((flip, cut))(file, chance)


def deep_text(model: Path, chance: random.Random) -> None:
    depth = chance.choice((90, 1_000, 20_000))
    nested = 'attr { key: "f" value { func { ' * depth + "} } }" * depth
    file = as_text(model)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("node {", f"node {{ {nested} }} node {{", 1), encoding="utf-8")


# Checkpoint and folder.


def variables_file(model: Path, chance: random.Random) -> Path:
    files = sorted(file for file in (model / "variables").glob("*") if file.is_file())
    return chance.choice(files) if files else proto_file(model)


def flip_checkpoint(model: Path, chance: random.Random) -> None:
    flip(variables_file(model, chance), chance)


def cut_checkpoint(model: Path, chance: random.Random) -> None:
    cut(variables_file(model, chance), chance)


def remove_file(model: Path, chance: random.Random) -> None:
    chance.choice(sorted(file for file in model.rglob("*") if file.is_file())).unlink()


def sparse_file(model: Path, chance: random.Random) -> None:
    os.truncate(variables_file(model, chance), chance.choice((1 << 20, 1 << 33)))


def other_file(model: Path, chance: random.Random) -> None:
    contents = (b"", b"\0" * 4096, b"<!DOCTYPE html>", b"PK\x03\x04", chance.randbytes(2000))
    variables_file(model, chance).write_bytes(chance.choice(contents))


def folder_for_file(model: Path, chance: random.Random) -> None:
    file = chance.choice(sorted(file for file in model.rglob("*") if file.is_file()))
    file.unlink()
    file.mkdir()


ON_PROTO: tuple[ProtoDamage, ...] = (
    swap_nodes, same_name, remove_node, other_op, cycle, control_cycle, odd_edge, drop_inputs, more_inputs,
    odd_attribute, odd_shape, odd_constant, recursive_function, odd_gradient, odd_node_name, odd_op_name, odd_tag,
    odd_version, odd_signature_key, odd_tensor_key, odd_tensor_info, odd_method, bad_collection, odd_init_op, odd_saver,
    no_saver, odd_asset,
)  # fmt: skip
ON_FOLDER: tuple[Damage, ...] = (
    flip_bytes, cut_proto, grow_proto, sparse_proto, text_form, deep_text, flip_checkpoint, cut_checkpoint, remove_file,
    sparse_file, other_file, folder_for_file,
)  # fmt: skip
DAMAGES: dict[str, Damage] = {
    **{change.__name__: on_proto(change) for change in ON_PROTO},
    **{damage.__name__: damage for damage in ON_FOLDER},
}
