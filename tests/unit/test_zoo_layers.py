"""Target layers of timm's architectures with random weights: the published comparisons' models, and
one of every family.
"""

import csv
from pathlib import Path

import numpy as np
import pytest
import timm
import torch

from lookalike.methods.gradcam import gradcam
from lookalike.models.layers import measure_layer, target_layer
from lookalike.models.networks import VisionModel, build_network, normalisation_of

torch.set_num_threads(1)

# timm name, layer, channels and side of the grid of images of 224 x 224
PUBLISHED = [
    ("deit_small_patch16_224", "blocks.11.norm1", 384, 14),
    ("deit_tiny_patch16_224", "blocks.11.norm1", 192, 14),
    ("densenet121", "features", 1024, 7),
    ("efficientnet_b3", "bn2", 1536, 7),
    ("efficientnet_b4", "bn2", 1792, 7),
    ("convnextv2_nano", "stages", 640, 7),
    ("pvt_v2_b2", "stages", 512, 7),
    ("mobilenetv3_large_100", "blocks", 960, 7),
    ("swin_tiny_patch4_window7_224", "norm", 768, 7),
    ("resnet18d", "layer4", 512, 7),
    ("resnet50d", "layer4", 2048, 7),
    ("resnext50_32x4d", "layer4", 2048, 7),
    ("res2net50_14w_8s", "layer4", 2048, 7),
    ("vit_base_patch32_224", "blocks.11.norm1", 768, 7),
    ("resnet50", "layer4", 2048, 7),
    pytest.param(*("densenet161", "features", 2208, 7), marks=pytest.mark.slow),
    ("resnet152", "layer4", 2048, 7),
    pytest.param(*("vgg16", "features.29", 512, 14), marks=pytest.mark.slow),
    ("vgg19", "features.35", 512, 14),
]
# The smallest architecture of every family, those of many weights cut to two blocks or to small
# images, and kinds of head that a family may have: timm name, side of the images, options, layer,
# side of the grid
FAMILIES = [
    ("beit_base_patch16_224", 224, {"depth": 2}, "blocks.1", 14),
    ("caformer_s18", 224, {}, "stages", 7),
    ("cait_xxs24_224", 224, {}, "blocks_token_only.1.norm1", 14),
    ("coat_lite_tiny", 224, {}, "serial_blocks4.1.norm1", 7),
    ("coat_tiny", 224, {}, "parallel_blocks.5.norm14", 7),
    ("convit_tiny", 224, {}, "blocks.11.norm1", 14),
    ("convmixer_768_32", 112, {}, "blocks", 16),
    ("cpubone_nano", 224, {}, "stages", 7),
    ("crossvit_tiny_240", 240, {}, "blocks.2.fusion.1.norm1", 20),
    ("cs3darknet_focus_s", 256, {}, "stages", 8),
    ("csatv2", 224, {}, "stages", 3),
    ("cspnext_tiny", 224, {}, "stages", 7),
    ("davit_tiny", 224, {}, "stages", 7),
    ("deepseek_vit_412m", 112, {"depth": 2}, "encoder", 8),
    ("dla46x_c", 224, {}, "level5", 7),
    ("dpn48b", 224, {}, "features", 7),
    ("edgenext_xx_small", 256, {}, "stages", 8),
    ("efficientformer_l1", 224, {}, "norm", 7),
    ("efficientformerv2_s0", 224, {}, "norm", 7),
    ("efficientvim_m1", 224, {}, "norm.3", 4),
    ("efficientvit_b0", 224, {}, "stages", 7),
    ("efficientvit_m0", 224, {}, "stages", 4),
    ("ese_vovnet19b_slim_dw", 224, {}, "stages", 7),
    ("eva02_base_patch16_clip_224", 224, {"depth": 2}, "blocks.1.norm1", 14),
    ("eva02_tiny_patch14_224", 224, {}, "blocks.11", 16),
    ("fasternet_t0", 224, {}, "stages", 7),
    ("fastvit_t8", 256, {}, "final_conv", 8),
    ("focalnet_tiny_srf", 224, {}, "norm", 7),
    ("gcvit_xxtiny", 224, {}, "stages", 7),
    ("gemma4_vit_167m", 192, {"depth": 2}, "encoder", 12),
    ("ghostnet_050", 224, {}, "blocks", 7),
    ("gmlp_ti16_224", 224, {}, "norm", 14),
    ("halonet_h1", 256, {}, "stages", 8),
    ("hardcorenas_b", 224, {}, "blocks", 7),
    ("hgnetv2_b0", 224, {}, "stages", 7),
    ("hiera_tiny_224", 224, {}, "blocks.11", 7),
    ("hieradet_small", 256, {}, "blocks.15", 8),
    ("hrnet_w18_small", 224, {}, "final_layer", 7),
    ("iformer_t", 224, {}, "stages", 7),
    ("inception_next_atto", 224, {}, "stages", 7),
    ("inception_resnet_v2", 224, {}, "conv2d_7b", 5),
    ("inception_v3", 224, {}, "Mixed_7c", 5),
    ("inception_v4", 224, {}, "features", 5),
    ("nest_tiny", 224, {}, "norm", 14),
    ("lcnetv2_small", 224, {}, "stages", 7),
    ("legacy_seresnet18", 224, {}, "layer4", 7),
    ("legacy_xception", 224, {}, "act4", 7),
    ("levit_128s", 224, {}, "stages", 4),
    ("lowformer_b0", 224, {}, "stages", 7),
    ("mixer_s32_224", 224, {}, "norm", 7),
    ("mobilenetv3_small_050", 224, {}, "blocks", 7),
    ("mobilenetv5_base", 128, {}, "msfa", 16),
    ("mobilevit_xxs", 256, {}, "final_conv", 8),
    ("mvitv2_tiny", 224, {}, "norm", 7),
    ("naflexvit_base_patch16_map", 224, {"depth": 2}, "norm", 14),
    ("naflexvit_base_patch16_parfac_gap", 224, {"depth": 2}, "blocks.1", 14),
    ("nasnetalarge", 128, {}, "act", 4),
    ("nextvit_small", 224, {}, "norm", 7),
    ("pit_ti_224", 224, {}, "transformers.2.blocks.3.norm1", 7),
    ("pit_ti_distilled_224", 224, {}, "transformers.2.blocks.3.norm1", 7),
    ("pnasnet5large", 128, {}, "act", 4),
    ("poolformerv2_s12", 224, {}, "stages", 7),
    ("pvt_v2_b0", 224, {}, "stages", 7),
    ("qwen3_vit_88m", 128, {"depth": 2}, "encoder", 8),
    ("rdnet_tiny", 224, {}, "dense_stages", 7),
    ("regnetx_002", 224, {}, "s4", 7),
    ("repghostnet_050", 224, {}, "blocks", 7),
    ("repvgg_a0", 224, {}, "stages", 7),
    ("repvit_m1", 224, {}, "stages", 7),
    ("res2next50", 224, {}, "layer4", 7),
    ("resmlp_12_224", 224, {}, "norm", 14),
    ("resnest14d", 224, {}, "layer4", 7),
    ("resnet50_clip", 224, {}, "stages", 7),
    ("resnetv2_18", 224, {}, "norm", 7),
    ("rexnet_100", 224, {}, "features", 7),
    ("samvit_base_patch16_224", 224, {"depth": 2}, "neck", 14),
    ("selecsls42", 224, {}, "head", 4),
    ("sequencer2d_s", 224, {}, "norm", 16),
    ("shvit_s1", 224, {}, "stages", 4),
    ("skresnet18", 224, {}, "layer4", 7),
    ("starnet_s050", 224, {}, "norm", 7),
    ("swiftformer_xs", 224, {}, "norm", 7),
    ("swinv2_cr_tiny_224", 224, {}, "stages", 7),
    ("swinv2_tiny_window16_256", 256, {}, "norm", 8),
    ("test_byobnet", 160, {}, "stages", 5),
    ("test_coatnet", 160, {}, "norm", 5),
    ("test_convnext", 160, {}, "stages", 5),
    ("test_efficientnet", 160, {}, "bn2", 5),
    ("test_mambaout", 160, {}, "stages", 5),
    ("test_maxvit", 160, {}, "norm", 5),
    ("test_nfnet", 160, {}, "final_act", 5),
    ("test_resnet", 160, {}, "layer4", 5),
    ("test_vit", 160, {}, "blocks.5.norm1", 10),
    ("test_vit_relpos", 160, {}, "blocks.8", 10),
    ("tiny_vit_5m_224", 224, {}, "stages", 7),
    ("tnt_s_patch16_224", 224, {}, "blocks.11.norm_out", 14),
    ("tresnet_m", 224, {}, "body", 7),
    ("twins_svt_small", 224, {}, "norm", 7),
    ("visformer_tiny", 224, {}, "norm", 7),
    ("vit_base_patch16_siglip_224", 224, {"depth": 2}, "norm", 14),
    ("vit_medium_patch16_reg4_gap_256", 256, {"depth": 2}, "blocks", 16),
    ("vit_small_patch14_reg4_dinov2", 224, {"img_size": 224, "depth": 2}, "blocks.1.norm1", 16),
    ("vit_tiny_patch16_224", 224, {"global_pool": "avg"}, "blocks", 14),
    ("vit_tiny_r_s16_p8_224", 224, {}, "blocks.11.norm1", 7),
    ("vitamin_small_224", 224, {}, "blocks", 14),
    ("volo_d1_224", 224, {}, "post_network.1.norm1", 14),
    ("xception41", 224, {}, "blocks", 7),
    ("xcit_nano_12_p8_224", 224, {}, "cls_attn_blocks.1.norm1", 28),
]


class BothSigns(VisionModel):
    """A classifier that gives each logit and its negation: of their two maps, only one may be
    zero.
    """

    def logits(self, images):
        logits = super().logits(images)
        return torch.cat([logits, -logits], dim=1)


def model_of(name, size, options=None, kind=VisionModel):
    """Return a model of five classes with random weights, none of whose branches is silent, and
    fitting batch statistics.
    """
    torch.manual_seed(0)
    net = build_network({"timm": name, "options": options or {}}, 5).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
        norms = [
            module
            for module in net.modules()
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
        ]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        if norms:
            net(torch.randn(2, 3, size, size))
    net.eval()
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in normalisation_of(net))
    return kind(net.requires_grad_(False), mean, std, list("abcde"))


def images_of(count, size):
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("name", "layer", "channels", "side"), PUBLISHED)
def test_published_models_have_the_expected_layer_and_maps_at_224(name, layer, channels, side):
    model, images = model_of(name, 224), images_of(2, 224)
    assert measure_layer(model.net, (224, 224)) == {
        "layer": layer,
        "channels": channels,
        "grid": (side, side),
    }
    with torch.no_grad():
        predicted = model.logits(images).argmax(dim=1)
    maps, _ = gradcam(model, images, predicted, [1, 2])
    assert maps.shape == (2, side, side) and np.isfinite(maps).all()
    # Of both images, for the class that the model predicts.
    assert (np.ptp(maps, axis=(1, 2)) > 1e-3 * maps.max(axis=(1, 2))).all() and (
        maps.max(axis=(1, 2)) > 0
    ).all()


@pytest.mark.parametrize(("name", "size", "options", "layer", "side"), FAMILIES)
def test_a_network_of_every_family_has_a_layer_whose_map_is_not_degenerate(
    name, size, options, layer, side
):
    model = model_of(name, size, options, BothSigns)
    assert target_layer(model.net, size=(size, size)) is model.net.get_submodule(layer)
    maps, _ = gradcam(model, images_of(1, size).repeat(2, 1, 1, 1), torch.tensor([0, 5]), [1, 2])
    weighted = maps[0] - maps[1]  # the sum before its negative part was cut off
    assert weighted.shape == (side, side) and np.isfinite(weighted).all()
    assert np.ptp(weighted) > 1e-3 * np.abs(weighted).max() > 0


def test_the_sweep_holds_every_family_and_nearly_all_give_valid_maps():
    path = Path(__file__).parents[2] / "docs/swept_models.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["family"] for row in rows] == sorted(timm.list_modules())
    assert {row["timm"] for row in rows} == {timm.__version__}
    methods = ("gradcam", "integrated_gradients", "kernelshap")
    failed = [row for row in rows if {row[method] for method in methods} != {"valid"}]
    assert len(failed) <= 0.05 * len(rows)
    assert all(row["reason"] for row in failed)
